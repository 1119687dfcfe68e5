/**
 * Nodes: what a kernel computes, as a graph of WebAssembly instructions, each with the block it belongs to.
 *
 * Nodes are numbered by structure, so equal values are one node. A node's home is the deepest block that one of its
 * operands lives in: loop-invariant code is not moved, it is born outside. Reads of registers and of memory are told
 * apart by version, so a node always means the same value.
 */
import type { Local, OpName, ValueType } from '@arignote/wasm'
import type { Group } from './address.js'
import type { LoopCode, Statement } from './code.js'
import type { Poly } from './poly.js'

/**
 * Straight-line code. The chain of a loop nest is root, preheader, body, preheader, body, …; a preheader runs once if its
 * loop runs at all.
 */
export interface Block {
  readonly id: number
  readonly depth: number
  readonly parent: Block | null
  readonly kind: 'root' | 'preheader' | 'body'
  /** The loop whose preheader or body this is. */
  readonly loop: LoopCode | null
  readonly statements: Statement[]
  /** Nodes at home in the parent that must have their values before this block is entered. */
  readonly hoisted: Set<Node>
  /** Locals that are free again when this block is left. */
  readonly release: Node[]
  readonly slots: Slot[]
}

/** A mutable variable: a register, an axis or a pointer. Its local is chosen when code is emitted. */
export interface Slot {
  readonly name: string
  readonly type: ValueType
  local: Local | null
}

export interface Node {
  readonly id: number
  /**
   * An instruction; or 'read' of a slot at one version, 'copy' of such a read, 'select', 'shift' of an address by a constant that is
   * known late, 'call' of a function without effects, 'lanes': an index that differs from lane to lane (never emitted).
   */
  readonly op: OpName | 'read' | 'copy' | 'select' | 'shift' | 'call' | 'lanes'
  readonly type: ValueType
  readonly operands: readonly Node[]
  readonly home: Block
  readonly immediates: readonly unknown[]
  /** Costs nothing to have again: a variable or a scalar constant. */
  readonly isLeaf: boolean
  readonly slot: Slot | null
  /** For memory accesses: the offset is `at` minus the least `at` of the group. */
  readonly group: Group | null
  readonly at: number
  /** For `shift`. */
  readonly amount: (() => number) | null
  /** Uses not yet emitted; while they are counted, uses so far. */
  remaining: number
  local: Local | null
  /** The node as a polynomial, where it was asked for. */
  poly: Poly | null
}

export interface Access {
  readonly group: Group
  readonly at: number
  readonly lane: number | null
  /** What the address is a multiple of. */
  readonly align: number
}

/** The number of an i32 constant, or null. */
export function integerOf(x: Node): number | null {
  return x.op === 'i32.const' ? (x.immediates[0] as number) : null
}

export function isWithin(outer: Block, inner: Block): boolean {
  let block: Block | null = inner
  while (block !== null && block.depth > outer.depth) block = block.parent
  return block === outer
}

export function deeper(a: Block, b: Block): Block {
  return a.depth >= b.depth ? a : b
}
