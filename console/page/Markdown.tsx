import type { ComponentChildren, VNode } from 'preact'

/** Bold, code and links of one line. */
function inline(text: string): ComponentChildren[] {
  return text.split(/(<a id="[\w-]+"><\/a>|`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)]+\))/).map((part, index) => {
    const anchor = /^<a id="([\w-]+)">/.exec(part)
    if (anchor !== null) return <span key={index} id={anchor[1]} />
    const link = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part)
    if (link !== null) {
      // Only what a browser opens without running anything.
      return /^(https?:|\/|#|\.|[a-z0-9_-]+\.md)/i.test(link[2]!) ? (
        <a key={index} href={link[2]!.replace(/^(?:\.\/)?([a-z0-9_-]+)\.md$/i, '/runbooks/$1')}>
          {link[1]}
        </a>
      ) : (
        link[1]
      )
    }
    if (part.startsWith('`')) return <code key={index}>{part.slice(1, -1)}</code>
    if (part.startsWith('**')) return <b key={index}>{part.slice(2, -2)}</b>
    return part
  })
}

const cells = (line: string): string[] =>
  line
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim())

/** The part of Markdown that runbooks use: headings, lists, tables, code, paragraphs. */
export function Markdown({ text }: { readonly text: string }) {
  const blocks = text.replaceAll('\r', '').split(/\n{2,}(?![^`]*```\n(?!.*```))/)
  return <div class="prose">{blocks.filter((block) => block.trim() !== '').map(blockOf)}</div>
}

function blockOf(block: string, index: number): VNode {
  const lines = block.trim().split('\n')
  const heading = /^(#{1,4}) (.*)$/.exec(lines[0]!)
  if (heading !== null) {
    const rest = lines.slice(1).join('\n')
    const Title = heading[1] === '#' ? 'h1' : 'h2'
    return (
      <section key={index}>
        <Title>{inline(heading[2]!)}</Title>
        {rest.trim() !== '' && blockOf(rest, 0)}
      </section>
    )
  }
  if (lines[0]!.startsWith('```')) return <pre key={index}>{lines.slice(1, -1).join('\n')}</pre>
  if (lines[0]!.startsWith('|'))
    return (
      <div class="scroll" key={index}>
        <table>
          <tbody>
            {lines
              .filter((line) => !/^\|[\s:|-]+\|$/.test(line))
              .map((line) => (
                <tr key={line}>
                  {cells(line).map((cell) => (
                    <td key={cell}>{inline(cell)}</td>
                  ))}
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    )
  if (/^([-*]|\d+\.) /.test(lines[0]!)) {
    const items = block.trim().split(/\n(?=(?:[-*]|\d+\.) )/)
    const List = /^\d/.test(lines[0]!) ? 'ol' : 'ul'
    return (
      <List key={index}>
        {items.map((item) => (
          <li key={item}>{inline(item.replace(/^([-*]|\d+\.) /, ''))}</li>
        ))}
      </List>
    )
  }
  return <p key={index}>{inline(lines.join(' '))}</p>
}
