/** Tells the parent process the port, and, whenever it asks, the CPU time used so far (µs, user and system, all threads). */
export function answerUsage(port: number): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send!({ cpu_us: user + system })
  })
  process.on('disconnect', () => process.exit())
  process.send!({ port })
}
