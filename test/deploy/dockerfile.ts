import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../check/sources.ts'

export interface Image {
  /** `ENV` of the last stage. */
  readonly environment: Readonly<Record<string, string>>
  /** What the last stage copies out of this repository. */
  readonly copied: readonly string[]
  readonly user: string
  readonly exposed: readonly number[]
  readonly volume: string
  readonly healthcheck: readonly string[]
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
}

/** The Dockerfile's last stage: what an image made by it is told. */
export function dockerfile(): Image {
  const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replaceAll(/\\\n\s*/g, '')
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')))
  const of = (word: string) =>
    last.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))
  const list = (word: string): string[] =>
    JSON.parse(
      of(word)
        .at(-1)!
        .replace(/^.*?(?=\[)/, ''),
    )
  return {
    environment: Object.fromEntries(
      of('ENV').flatMap((line) => line.split(/\s+/).map((pair) => pair.split(/=(.*)/s).slice(0, 2))),
    ),
    copied: of('COPY')
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(' ').slice(0, -1)),
    user: of('USER').at(-1)!,
    exposed: of('EXPOSE').flatMap((line) => line.split(' ').map(Number)),
    volume: of('VOLUME')[0]!,
    healthcheck: list('HEALTHCHECK'),
    entrypoint: list('ENTRYPOINT'),
    command: list('CMD'),
  }
}
