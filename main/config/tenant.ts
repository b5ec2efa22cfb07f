import { type Static, Type } from '@sinclair/typebox'
import { fieldsOnly, number, ownText, ownTexts, secret, whole } from './fields.ts'

const { Optional } = Type

/** A tenant: its write key names it; sources that post server to server have secrets of their own. */
export const Tenant = fieldsOnly({
  name: ownText('Name of the tenant: lower case, digits, - and _.', {
    minLength: 1,
    maxLength: 64,
    pattern: '^[a-z0-9_-]+$',
    form: 'lower case letters, digits, - and _ (1 to 64)',
  }),
  key: ownText('Write key that players send. It is public by nature: it can write, never read.', {
    minLength: 4,
    ...secret,
  }),
  server_keys: Optional(
    Type.Array(
      fieldsOnly({
        key: ownText('The key; it is secret.', { minLength: 16, ...secret }),
        source: Optional(ownText('The only source it may report for.', { minLength: 1 })),
      }),
      {
        description:
          'Keys of media servers, probes and other servers; several are valid at once. `firstframe keys` makes further ones.',
      },
    ),
  ),
  hook_addresses: ownTexts(
    'Addresses or networks (CIDR) of media servers whose hooks are believed with the public key.',
  ),
  hook_secrets: ownTexts(
    'Secrets of media servers that sign their hooks (x-firstframe-signature), newest first.',
    { minLength: 16, ...secret },
  ),
  salt: Optional(
    ownText('Salt for hashing viewers. Default: made from viewer_salt.', { minLength: 16, ...secret }),
  ),
  salt_daily: Optional(
    Type.Boolean({ description: 'Viewers get another hash each day (UTC). Default: false.' }),
  ),
  origins: ownTexts('Origins that browsers may report from with the public key. Default: any.', {
    pattern: '^https?://[^/]+$',
    form: 'scheme and host without a path or a slash at the end, such as https://shop.example',
  }),
  token_secrets: ownTexts('Secrets that sign session tokens (JWT, HS256), newest first.', {
    minLength: 32,
    ...secret,
  }),
  tokens_only: Optional(
    Type.Boolean({ description: 'Players need a session token beside the public key. Default: false.' }),
  ),
  max_weight: Optional(
    number(
      'Largest sampling weight taken from players; larger ones are bounded to it. Default: 1, players do not sample.',
      { minimum: 1, maximum: 1000 },
    ),
  ),
  sample: Optional(
    number(
      'Share of sessions whose heartbeats count; the others are advised to report once a minute. Default: 1, all.',
      { minimum: 0.001, maximum: 1 },
    ),
  ),
  streams_per_hour: Optional(
    whole(
      'Pairs of show and stream that players may bring in an hour beside declared ones; more become ~other. Default: 2000.',
      { minimum: 1 },
    ),
  ),
  publish_secrets: ownTexts(
    'Secrets that sign stream keys, newest first. None: whoever reaches the media server may publish.',
    { minLength: 8, ...secret },
  ),
  events_per_s: Optional(
    whole('Events a second that players, and as many that servers may send; more are answered 429.', {
      minimum: 1,
    }),
  ),
  bytes_per_s: Optional(whole('Bytes a second, likewise.', { minimum: 1 })),
  requests_per_s: Optional(whole('Requests a second, likewise; hooks count.', { minimum: 1 })),
})

export type Tenant = Static<typeof Tenant>
