import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ROOT } from '../../check/sources.ts'
import { createProgram } from '../../main/cli.ts'
import { loadConfig } from '../../main/config/load.ts'
import { readReceivers } from '../../main/receivers.ts'
import { MEMORY_MIB } from '../chaos/chaos.ts'
import { dockerfile } from './dockerfile.ts'
import { goProgram } from './goProgram.ts'

/** deploy/kubernetes, built as `kubectl -k` builds it, held against Kubernetes' own types and against the code that is run. */

interface Container {
  readonly image: string
  readonly args: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value: string }[]
  readonly envFrom: readonly {
    readonly configMapRef?: { readonly name: string }
    readonly secretRef?: { readonly name: string }
  }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly readinessProbe?: { readonly httpGet: { readonly port: string } }
  readonly resources?: { readonly limits: { readonly memory: string } }
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}
interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> }
  readonly spec: {
    readonly containers: readonly [Container]
    readonly securityContext: { readonly runAsUser: number }
  }
}
interface KubernetesObject {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec: {
    readonly template: PodTemplate
    readonly selector: Readonly<Record<string, string>> & {
      readonly matchLabels: Readonly<Record<string, string>>
    }
    readonly ports: readonly { readonly targetPort: string }[]
    readonly scaleTargetRef: { readonly kind: string; readonly name: string }
    readonly serviceName?: string
    readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> }
  }
}

const folder = mkdtempSync(join(tmpdir(), 'firstframe-kubernetes-'))
after(() => rmSync(folder, { recursive: true }))

const SECRETS = { STORE_PASSWORD: 'a', STORE_READER_PASSWORD: 'b', VIEWER_SALT: 'c', SERVER_KEY: 'd' }

let objects: KubernetesObject[]
before(async () => {
  cpSync(join(ROOT, 'deploy/kubernetes'), folder, { recursive: true })
  const example = readFileSync(join(folder, 'secrets.example.env'), 'utf8')
  const filled = example.replaceAll(
    /^FIRSTFRAME_(\w+)=$/gm,
    (line, name) => line + SECRETS[name as keyof typeof SECRETS],
  )
  writeFileSync(join(folder, 'secrets.env'), filled)
  objects = JSON.parse(await goProgram('kubernetes', [folder])) as KubernetesObject[]
})

const ofKind = (...kinds: string[]) => objects.filter(({ kind }) => kinds.includes(kind))
const podsOf = () =>
  ofKind('Deployment', 'StatefulSet', 'Job').map((object) => ({
    object,
    template: object.spec.template,
    container: object.spec.template.spec.containers[0],
  }))
const matches = (labels: Readonly<Record<string, string>>, selector: Readonly<Record<string, string>>) =>
  Object.entries(selector).every(([key, value]) => labels[key] === value)

test('a field that Kubernetes does not have is refused', async () => {
  const path = join(folder, 'roles.yaml')
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.replace('replicas: 2', 'replica: 2'))
  await assert.rejects(goProgram('kubernetes', [folder]), /unknown field "replica"/)
  writeFileSync(path, text)
})

test('each role runs with settings the program has, on the image’s ports, volume and user', () => {
  const image = dockerfile()
  const program = createProgram()
  const values = new Map(ofKind('ConfigMap').map(({ metadata, data }) => [metadata.name, data!]))
  const secrets = new Map(
    ofKind('Secret').map(({ metadata, data }) => [
      metadata.name,
      Object.fromEntries(
        Object.entries(data!).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]),
      ),
    ]),
  )
  assert.deepEqual(
    podsOf()
      .map(({ container }) => container.args[0])
      .sort(),
    ['collector', 'console', 'migrate', 'watch', 'write'],
  )
  for (const { object, template, container } of podsOf()) {
    const [command, ...flags] = container.args
    const found = program.commands.find((each) => each.name() === command)!
    for (const flag of flags)
      assert.ok(
        found.options.some(({ long }) => long === flag),
        `${command} has no ${flag}`,
      )
    const environment: Record<string, string> = { ...image.environment }
    for (const { configMapRef, secretRef } of container.envFrom)
      Object.assign(
        environment,
        configMapRef ? values.get(configMapRef.name)! : secrets.get(secretRef!.name)!,
      )
    for (const { name, value } of container.env ?? []) environment[name] = value
    const config = loadConfig({ environment, flags: {} })
    assert.equal(config.log.kind, 'kafka')
    assert.equal(config.store.password, SECRETS.STORE_PASSWORD)
    assert.doesNotThrow(() => readReceivers(config.receivers))
    const ports = Object.fromEntries(
      (container.ports ?? []).map(({ name, containerPort }) => [name, containerPort]),
    )
    if (command !== 'migrate') assert.equal(ports[container.readinessProbe!.httpGet.port], config.health_port)
    if (command === 'collector') assert.equal(ports.beacons, config.port)
    if (command === 'console') assert.equal(ports.page, config.console_port)
    if (command !== 'migrate')
      assert.equal(
        Number.parseInt(container.resources!.limits.memory, 10),
        MEMORY_MIB,
        `${command}: what npm run chaos holds it to`,
      )
    assert.ok(container.volumeMounts.some(({ mountPath }) => mountPath === image.environment.FIRSTFRAME_DATA))
    assert.equal(object.metadata.namespace, 'firstframe')
    assert.equal(template.spec.securityContext.runAsUser, 1000)
  }
})

test('every reference leads somewhere: selectors to pods, services to ports, scalers to workloads', () => {
  const pods = podsOf()
  for (const { kind, metadata, spec } of ofKind(
    'Service',
    'PodDisruptionBudget',
    'NetworkPolicy',
    'Deployment',
    'StatefulSet',
  )) {
    const selector =
      kind === 'Service'
        ? spec.selector
        : kind === 'NetworkPolicy'
          ? spec.podSelector.matchLabels
          : spec.selector.matchLabels
    const chosen = pods.filter(({ template }) => matches(template.metadata.labels, selector))
    assert.equal(chosen.length, kind === 'NetworkPolicy' ? pods.length : 1, `${kind} ${metadata.name}`)
    for (const { targetPort } of kind === 'Service' ? spec.ports : [])
      assert.ok(
        chosen[0]!.container.ports!.some(({ name }) => name === targetPort),
        `${metadata.name}: ${targetPort}`,
      )
    if (kind === 'StatefulSet')
      assert.ok(ofKind('Service').some((service) => service.metadata.name === spec.serviceName))
  }
  for (const { spec } of ofKind('HorizontalPodAutoscaler'))
    assert.ok(
      ofKind(spec.scaleTargetRef.kind).some(({ metadata }) => metadata.name === spec.scaleTargetRef.name),
    )
})
