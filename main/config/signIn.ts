import { Type } from '@sinclair/typebox'
import { fieldsOnly, number, oneOf, ownText, secret, section, text, texts } from './fields.ts'

const role = oneOf(
  ['viewer', 'analyst', 'operator', 'admin'],
  'viewer, analyst (also SQL), operator (also silences and shows) or admin (also the audit trail).',
)
const tenants = texts('Tenants whose facts are seen; `*` is all.', { default: ['*'] })

/** Who signs in to the console, and how. */
export const SignIn = section({
  kind: oneOf(
    ['none', 'accounts', 'openid', 'outside'],
    'none (only on loopback), accounts (names and passwords below), openid (a provider), or outside: a proxy before the console lets people in, and whoever reaches it may do everything.',
    { default: 'none' },
  ),
  accounts: Type.Array(
    fieldsOnly({
      name: ownText('Name to sign in with.', { minLength: 1 }),
      password_hash: ownText('Hash of the password: `firstframe password` prints it.', {
        ...secret,
        pattern: '^\\$argon2id\\$v=\\d+\\$m=\\d+,t=\\d+,p=\\d+\\$[A-Za-z0-9+/]{11,}\\$[A-Za-z0-9+/]{16,}$',
        form: 'what `firstframe password` prints',
      }),
      role,
      tenants,
    }),
    { default: [], description: 'Kind accounts: who may sign in.' },
  ),
  issuer: text('Kind openid: address of the provider.'),
  client_id: text('Kind openid: name of this client there.'),
  client_secret: text('Kind openid: its secret.', secret),
  scope: text('Kind openid: what is asked for.', { default: 'openid email profile' }),
  claim: text('Kind openid: claim whose values are granted roles.', { default: 'groups' }),
  grants: Type.Array(
    fieldsOnly({
      value: ownText('A value of the claim; `*` is everybody the provider knows.'),
      role,
      tenants,
    }),
    { default: [], description: 'Kind openid: which value brings which role and tenants.' },
  ),
  session_hours: number('How long a session lasts.', { exclusiveMinimum: 0, maximum: 720, default: 12 }),
  secret: text(
    'Signs sessions and API tokens, 32 characters or more. Default: made, in `console-secret` of the data folder. Several consoles share one.',
    secret,
  ),
  revoked_tokens: texts('Ids of API tokens that count no more.'),
})
