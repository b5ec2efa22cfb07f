/** One node of the engine's own tree of a query, as EXPLAIN AST prints it. */
export interface QueryNode {
  readonly depth: number
  /** `Function`, `TableIdentifier`, … */
  readonly kind: string
  /** What follows the kind, without the alias and the count of children: a function's or a table's name. */
  readonly name: string
}

const LINE = /^( *)(\S+)(?: (.*?))?(?: \(alias .*\))?(?: \(children \d+\))?$/

/** Reads the text of EXPLAIN AST. A line that cannot be read becomes a node of the kind `?`, which no list allows. */
export function readQueryTree(text: string): QueryNode[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const found = LINE.exec(line)
      if (!found) return { depth: 0, kind: '?', name: line }
      const [, indent, kind, name] = found
      return { depth: (indent as string).length, kind: kind as string, name: (name ?? '').trim() }
    })
}

/** The node that holds `nodes[index]`, or undefined for the first. */
export function parentOf(nodes: readonly QueryNode[], index: number): QueryNode | undefined {
  const { depth } = nodes[index] as QueryNode
  for (let at = index - 1; at >= 0; at--) {
    const node = nodes[at] as QueryNode
    if (node.depth < depth) return node
  }
  return undefined
}

/** The second argument of the function at `nodes[index]`: the set of an `IN`. */
export function secondArgument(nodes: readonly QueryNode[], index: number): QueryNode | undefined {
  const { depth } = nodes[index] as QueryNode
  let count = 0
  for (let at = index + 1; at < nodes.length; at++) {
    const node = nodes[at] as QueryNode
    if (node.depth <= depth) return undefined
    if (node.depth === depth + 2 && ++count === 2) return node
  }
  return undefined
}
