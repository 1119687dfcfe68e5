/**
 * Code: what stands between the nodes and the function — statements in order, and loops with their pointers.
 */
import type { OpName } from '@arignote/wasm'
import type { Group } from './address.js'
import type { Block, Node, Slot } from './node.js'
import type { Poly } from './poly.js'

/** A counted loop that runs from `begin` by `step` while it is below `end`. */
export interface LoopCode {
  readonly counter: Slot
  /** The counter as it is read in the body. */
  readonly axis: Node
  /** `begin` as a polynomial. */
  readonly start: Poly
  readonly begin: Node
  readonly end: Node
  readonly step: number
  /** Known to run at least once. */
  readonly sure: boolean
  /** The counter meets `end` exactly. */
  readonly exact: boolean
  readonly preheader: Block
  readonly body: Block
  /** Pointers that move with the loop. */
  readonly pointers: Group[]
  /** What counts the trips: a pointer whose axis nobody reads, or else the counter. Chosen when uses are known. */
  control: Group | null
}

export type Statement =
  | { readonly kind: 'loop'; readonly loop: LoopCode }
  /** A register gets a value. */
  | { readonly kind: 'set'; readonly slot: Slot; readonly value: Node }
  /** A value is computed here if it is needed at all: later, memory or registers may have changed. */
  | { readonly kind: 'keep'; readonly value: Node; readonly splat: () => Node | null }
  | {
      readonly kind: 'store'
      readonly op: OpName
      readonly address: Node
      readonly value: Node
      readonly group: Group
      readonly at: number
      readonly lane: number | null
      readonly align: number
    }
  | {
      readonly kind: 'check'
      readonly failed: Node
      readonly stores: readonly Statement[]
      readonly values: readonly Node[]
    }
