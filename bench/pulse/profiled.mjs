/**
 * Loaded by `--import` into the processes of a bench: SIGUSR2 begins a CPU profile, the next one writes it to
 * `PROFILE_FOLDER` as `PID.cpuprofile`. Plain JavaScript: it is loaded before tsx.
 */
import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { join } from 'node:path'

let session
process.on('SIGUSR2', () => {
  if (session === undefined) {
    session = new Session()
    session.connect()
    session.post('Profiler.enable')
    session.post('Profiler.start')
    return
  }
  session.post('Profiler.stop', (_, { profile }) =>
    writeFileSync(join(process.env.PROFILE_FOLDER, `${process.pid}.cpuprofile`), JSON.stringify(profile)),
  )
  session.disconnect()
  session = undefined
})
