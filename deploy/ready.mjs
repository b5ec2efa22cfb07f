// Health check of a container: exit code 0 when the role in it is ready, by its health port; else the reasons.
const { FIRSTFRAME_HEALTH_PORT: port } = process.env
const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch((error) => error)
if (answer instanceof Error || !answer.ok) {
  console.error(answer instanceof Error ? answer.message : await answer.text())
  process.exit(1)
}
