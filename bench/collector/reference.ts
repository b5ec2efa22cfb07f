/** A bare node:http server that reads the body, parses it and answers 204: what nobody can do less than. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerUsage } from './usage.ts'

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString())
    response.writeHead(204)
    response.end()
  })
})
server.listen(0, '127.0.0.1', () => answerUsage((server.address() as AddressInfo).port))
