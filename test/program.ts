import { fileURLToPath } from 'node:url'

/** The program from its sources, as a checkout runs it. */
export const SOURCES = fileURLToPath(new URL('../main/firstframe.mjs', import.meta.url))

/** The program that tests start. The whole suite builds it once (`test/run.ts`): it starts in half the time that its sources take. */
export const PROGRAM = process.env.TEST_PROGRAM ?? SOURCES
