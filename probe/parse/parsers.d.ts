/** The parts of packages without types that the probe calls. */
declare module 'm3u8-parser' {
  export class Parser {
    push(text: string): void
    end(): void
    readonly manifest: unknown
  }
}

declare module 'mpd-parser' {
  export function parse(text: string, options: { manifestUri: string; NOW?: number }): unknown
}
