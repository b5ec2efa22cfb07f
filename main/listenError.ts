/** A port that cannot be opened, with how to mend it. */
export class ListenError extends Error {
  constructor(setting: string, port: number, cause: unknown) {
    const { code } = cause as NodeJS.ErrnoException
    const why =
      code === 'EADDRINUSE'
        ? `port ${port} is taken by another program`
        : code === 'EACCES'
          ? `port ${port} needs more rights`
          : (cause as Error).message
    super(`${why}. Choose another: --${setting.replaceAll('_', '-')} N`, { cause })
    this.name = 'ListenError'
  }
}
