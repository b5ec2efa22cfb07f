import type { Fields, Static } from '../field.ts'
import { change } from './change.ts'
import { cohost } from './cohost.ts'
import { cue } from './cue.ts'
import { heartbeat } from './heartbeat.ts'
import { hop } from './hop.ts'
import { interaction } from './interaction.ts'
import { ledger } from './ledger.ts'
import { probe } from './probe.ts'
import { resource } from './resource.ts'
import { startup } from './startup.ts'

/** The hops of the link, in the order of the data. */
export const HOPS = ['encoder', 'ingest', 'transcode', 'origin', 'edge', 'player', 'interaction'] as const
export type Hop = (typeof HOPS)[number]

interface KindSpec {
  /** What one event of this kind says. */
  readonly help: string
  /** The hop it belongs to; `field` means that its own `hop` field says. */
  readonly hop: Hop | 'field'
  readonly fields: Fields
  /** What a repeat is known by, and what the log is keyed by: the session, or the node. */
  readonly keyed_by: 'session' | 'node'
  /** How long raw events are kept, days. */
  readonly retention_days: number
}

/** Kinds of event: one kind = one topic = one table. */
export const KINDS = {
  startup: {
    help: 'One attempt to start playing.',
    hop: 'player',
    keyed_by: 'session',
    retention_days: 30,
    fields: startup,
  },
  heartbeat: {
    help: 'One interval of play.',
    hop: 'player',
    keyed_by: 'session',
    retention_days: 14,
    fields: heartbeat,
  },
  interaction: {
    help: 'One interaction of a viewer.',
    hop: 'interaction',
    keyed_by: 'session',
    retention_days: 30,
    fields: interaction,
  },
  cue: {
    help: 'Where an operator’s round has got to.',
    hop: 'interaction',
    keyed_by: 'session',
    retention_days: 30,
    fields: cue,
  },
  cohost: {
    help: 'One interval of a co-hosting leg.',
    hop: 'player',
    keyed_by: 'session',
    retention_days: 30,
    fields: cohost,
  },
  hop: {
    help: 'One interval of a node before the player.',
    hop: 'field',
    keyed_by: 'node',
    retention_days: 30,
    fields: hop,
  },
  probe: {
    help: 'One synthetic playback check.',
    hop: 'field',
    keyed_by: 'node',
    retention_days: 30,
    fields: probe,
  },
  resource: {
    help: 'A level and its capacity.',
    hop: 'interaction',
    keyed_by: 'node',
    retention_days: 30,
    fields: resource,
  },
  ledger: {
    help: 'One entry that the reward platform or the shop booked.',
    hop: 'interaction',
    keyed_by: 'node',
    retention_days: 400,
    fields: ledger,
  },
  change: {
    help: 'A release, a configuration or a template that was changed: a possible cause of what follows it.',
    hop: 'interaction',
    keyed_by: 'node',
    retention_days: 365,
    fields: change,
  },
} as const satisfies Readonly<Record<string, KindSpec>>

export type Kind = keyof typeof KINDS
export const KIND_NAMES = Object.keys(KINDS) as Kind[]
/** Whether a name is a kind of the catalogue. */
export const isKind = (name: string): name is Kind => Object.hasOwn(KINDS, name)

/** The fields of one kind as a client sends them. */
export type KindFields<K extends Kind> = Static<(typeof KINDS)[K]['fields']>
