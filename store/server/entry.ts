/** The store process by itself, as tests and benches spawn it: `node --import tsx store/server/entry.ts`. */
import { runSupervisedStore } from './supervised.ts'

runSupervisedStore()
