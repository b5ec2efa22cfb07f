/** A process that runs a store and tells its pid: for the test that kills it. */
import { startTestStore } from '../store/testing.ts'

const store = await startTestStore({ dir: process.argv[2] as string })
process.stdout.write(String(store.supervisor.pid))
