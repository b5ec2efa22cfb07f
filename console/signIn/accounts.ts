import { hash, verify } from '@node-rs/argon2'
import type { Role } from './principal.ts'

/** A local account, as the configuration holds it. */
export interface Account {
  readonly name: string
  /** As `firstframe password` prints it. */
  readonly password_hash: string
  readonly role: Role
  readonly tenants: readonly string[]
}

/** The hash of a password for the configuration (argon2id). */
export const hashPassword = (password: string): Promise<string> => hash(password)

/** Checked where there is no such account, so that the time of an answer does not tell who has one. */
let decoy: Promise<string> | undefined

/** The account of that name and password, or undefined. */
export async function findAccount(
  accounts: readonly Account[],
  name: string,
  password: string,
): Promise<Account | undefined> {
  const account = accounts.find((each) => each.name === name)
  decoy ??= hashPassword('nobody has this password')
  const right = await verify(account?.password_hash ?? (await decoy), password).catch(() => false)
  return right && account ? account : undefined
}
