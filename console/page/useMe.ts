import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Me } from '../signIn/principal.ts'

/** Who looks, once that is known. Where nobody signs in it is `local`. */
export const MeContext = createContext<Me | undefined>(undefined)
/** Who is signed in; undefined until the console has said it. */
export const useMe = (): Me | undefined => useContext(MeContext)

const KEY = 'firstframe-by'

/** The name under which this browser signs where nobody signs in. */
export const nameHere = (): string => localStorage.getItem(KEY) ?? ''
/** Remembers in this browser under which name somebody acts. */
export const keepName = (name: string): void => localStorage.setItem(KEY, name)

/** Whether they may change anything; the console refuses it anyway. */
export const mayChange = (me: Me | undefined): boolean => me?.role === 'operator' || me?.role === 'admin'
