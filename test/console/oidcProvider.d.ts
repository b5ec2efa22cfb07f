/** The package has no types of its own; this is the part that the test uses. */
declare module 'oidc-provider' {
  import type { Server } from 'node:http'
  export default class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>)
    listen(port: number, host: string, listening: () => void): Server
  }
}
