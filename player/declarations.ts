import { readFileSync } from 'node:fs'
import { CLIENT_FIELDS } from '../schemas/envelope.ts'
import type { FieldSpec, Fields } from '../schemas/field.ts'
import { KIND_NAMES, KINDS } from '../schemas/kinds/kinds.ts'

/** Interfaces and types a page may name, where each is declared. What they need of the catalogue is spelt out. */
const PUBLIC: readonly (readonly [file: string, names: readonly string[]])[] = [
  ['createMonitor.ts', ['MonitorOptions', 'TrackFields', 'Session']],
  [
    'adapter.ts',
    [
      'ErrorCategory',
      'PlaybackError',
      'Rendition',
      'MediaRequest',
      'H264Ladder',
      'Host',
      'AdapterSample',
      'Attached',
      'Adapter',
    ],
  ],
  ['core/startupPhases.ts', ['StartupMarks']],
  ['core/cues.ts', ['Cue', 'CueHandler']],
  ['../schemas/sei.ts', ['CueMessage']],
  ['core/messages.ts', ['Message']],
  ['core/sender.ts', ['SenderStats']],
  ['core/clockOffset.ts', ['ClockReading']],
  ['core/session.ts', ['SessionNews']],
  ['../schemas/beacon.ts', ['BeaconEvent']],
]

/** The declaration of `name` as its file has it, with its comment. */
function declarationOf(file: string, name: string): string {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8')
  const found = new RegExp(
    `(?:/\\*\\*(?:[^*]|\\*(?!/))*\\*/\\n)?(?:export )?(?:interface|type) ${name}\\b[^\\n]*(?:\\n[^\\n]+)*?(?=\\n\\n|\\n/\\*\\*|\\nexport|\\n*$)`,
  ).exec(text)
  if (found === null) throw new Error(`${file} declares no ${name}`)
  return found[0]
}

const typeOf = ({ type, values }: FieldSpec): string => {
  if (values !== undefined) return values.map((value) => `'${value}'`).join(' | ')
  if (type === 'label' || type === 'text') return 'string'
  return type === 'flag' ? 'boolean' : 'number'
}

const fieldLines = (fields: Fields): string =>
  Object.entries(fields)
    .map(
      ([name, field]) =>
        `  /** ${field.help}${field.unit === undefined ? '' : ` In ${field.unit}.`} */\n  readonly ${name}${field.required ? '' : '?'}: ${typeOf(field)}`,
    )
    .join('\n')

const pascal = (name: string) => `${name[0]!.toUpperCase()}${name.slice(1)}`

/**
 * `firstframe.d.mts`, the types of `firstframe.mjs` in one file that needs no other: put it beside the module, or into a
 * folder of types. Declarations are taken from the sources, fields of events from the catalogue.
 */
export function declarations(): string {
  const kinds = KIND_NAMES.map(
    (kind) =>
      `/** ${KINDS[kind].help} */\nexport interface ${pascal(kind)}Fields {\n${fieldLines(KINDS[kind].fields)}\n}`,
  )
  const parts = [
    '// The types of firstframe.mjs, made by `npm run generate`.',
    ...PUBLIC.flatMap(([file, names]) => names.map((name) => declarationOf(file, name)))
      .map((text) => text.replaceAll("SessionCore['report']", 'Report'))
      .map((text) => text.replaceAll("SessionCore['request']", "Host['request']")),
    `/** Dimensions a page may set. */\nexport interface ClientContext {\n${fieldLines(CLIENT_FIELDS)}\n}`,
    ...kinds,
    `export interface KindFieldsOf {\n${KIND_NAMES.map((kind) => `  readonly ${kind}: ${pascal(kind)}Fields`).join('\n')}\n}`,
    'export type Kind = keyof KindFieldsOf',
    'export type KindFields<K extends Kind> = KindFieldsOf[K]',
    'export type Report = <K extends Kind>(kind: K, fields: KindFields<K> & ClientContext, urgent?: boolean) => void',
    `/** Watches one playback; the adapters of this bundle are native \`<video>\` and hls.js. */
export declare function monitor(video: HTMLVideoElement, options: MonitorOptions): Session`,
    `/** A \`monitor\` for a set of adapters of your own choice. */
export declare function createMonitor(adapters: readonly Adapter[]): typeof monitor`,
    `export declare const hls: Adapter
export declare const native: Adapter
/** Asked in turn whose player it is. */
export declare const adapters: Adapter[]`,
  ]
  return `${parts.join('\n\n')}\n`
}

/** The types of an adapter's module: \`import { dash } from './firstframe-dash.mjs'\`. */
export const adapterDeclarations = (name: string): string =>
  `import type { Adapter } from './firstframe.mjs'\n\nexport declare const ${name}: Adapter\n`

/** The declaration of an exported function: its comment and its signature. */
function signatureOf(text: string, name: string): string {
  const found = new RegExp(
    `(?:/\\*\\*(?:[^*]|\\*(?!/))*\\*/\\n)?export function ${name}(\\([\\s\\S]*?\\): [^{]+) \\{\\n`,
  ).exec(text)
  if (found === null) throw new Error(`no function ${name}`)
  const [all, signature] = found as unknown as [string, string]
  const comment = all.slice(0, all.indexOf('export function'))
  return `${comment}export declare function ${name}${signature.replaceAll(/(\w+)(: \w+) = \{\}/g, '$1?$2')}`
}

/** The types of a watcher's module (`firstframe-drm.mjs`, …): the interfaces of its file and its function. */
export function watcherDeclarations(name: string): string {
  const text = readFileSync(new URL(`adapters/${name}.ts`, import.meta.url), 'utf8')
  const own = [...text.matchAll(/^(?:export )?interface (\w+)/gm)].map(([, found]) => found!)
  const types = own.map((each) => declarationOf(`adapters/${name}.ts`, each))
  const body = [...types, signatureOf(text, name)].join('\n\n')
  const used = ['Session', 'TrackFields'].filter((each) => new RegExp(`\\b${each}\\b`).test(body))
  return `import type { ${used.join(', ')} } from './firstframe.mjs'\n\n${body}\n`
}
