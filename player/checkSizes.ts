import { checkSizes } from './build.ts'

/** `npx tsx player/checkSizes.ts`: prints what each bundle weighs, and fails when one is too heavy. */
for (const { name, bytes, limit } of await checkSizes()) {
  const heavy = bytes > limit
  console.log(`${heavy ? 'TOO HEAVY' : 'ok'}  ${name}: ${bytes} of ${limit} bytes gzipped`)
  if (heavy) process.exitCode = 1
}
