/** Every family, and whether its operations read anything; the type-checker asks for a new one. */
import type { FamilyKind } from '@arignote/graph'

const takesInputs: Readonly<Record<FamilyKind, boolean>> = {
  constant: false,
  source: false,
  map: true,
  reduce: true,
  view: true,
  contract: true,
  gather: true,
  scatter: true,
  scan: true,
  routine: true,
  branch: true,
  effect: true,
}

export const producers = Object.keys(takesInputs) as readonly FamilyKind[]
export const consumers = producers.filter(family => takesInputs[family])
