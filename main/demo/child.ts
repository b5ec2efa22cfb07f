import { spawn } from 'node:child_process'

export interface Child {
  /** The last it wrote to standard error. */
  log(): string
  running(): boolean
  /** SIGTERM, after two seconds SIGKILL; resolves when it is gone. */
  stop(): Promise<void>
}

/** A program that runs as long as the demo does. */
export function startChild(command: string, args: readonly string[]): Child {
  const child = spawn(command, [...args], { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let text = ''
  let running = true
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    text = (text + more).slice(-4000)
  })
  const gone = new Promise<void>((resolve) => {
    const end = () => {
      running = false
      resolve()
    }
    child.once('exit', end)
    child.once('error', (error) => {
      text += error.message
      end()
    })
  })
  process.once('exit', () => {
    if (running) child.kill('SIGKILL')
  })
  return {
    log: () => text,
    running: () => running,
    async stop() {
      if (!running) return
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000)
      await gone
      clearTimeout(timer)
    },
  }
}
