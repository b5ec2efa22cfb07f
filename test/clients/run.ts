import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Runs a program to its end and gives its output; a program that is missing says how to get it. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly howToGet: string },
): Promise<string> {
  try {
    const { stdout } = await execute(program, args, {
      maxBuffer: 64 << 20,
      ...(options.cwd !== undefined && { cwd: options.cwd }),
    })
    return stdout
  } catch (error) {
    const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string }
    if (code === 'ENOENT') throw new Error(`${program} is missing: ${options.howToGet}`, { cause: error })
    throw new Error(`${program} failed: ${stderr || message}`, { cause: error })
  }
}
