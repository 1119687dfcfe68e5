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
   * known late, 'lanes': an index that differs from lane to lane (never emitted).
   */
  readonly op: OpName | 'read' | 'copy' | 'select' | 'shift' | 'lanes'
  readonly type: ValueType
  readonly operands: readonly Node[]
  readonly home: Block
  readonly immediates: readonly unknown[]
  readonly slot: Slot | null
  /** For memory accesses: the offset is `at` minus the least `at` of the group. */
  readonly group: Group | null
  readonly at: number
  /** For `shift`. */
  readonly amount: (() => number) | null
  uses: number
  /** Uses not yet emitted. */
  remaining: number
  local: Local | null
}

const none: readonly never[] = []

export function isConstant(x: Node): boolean {
  return x.op.endsWith('.const')
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

/** The type that an instruction leaves. */
function typeOf(op: OpName): ValueType {
  const prefix = op.slice(0, op.indexOf('.'))
  const tail = op.slice(op.indexOf('.') + 1)
  if (tail === 'extract_lane')
    return ({ i32x4: 'i32', i64x2: 'i64', f32x4: 'f32', f64x2: 'f64' } as const)[prefix]!
  if (prefix.includes('x') || prefix === 'v128') return 'v128'
  return /^(eqz?|ne|[lg][te](_[su])?)$/.test(tail) ? 'i32' : (prefix as ValueType)
}

const types = new Map<OpName, ValueType>()

function resultOf(op: OpName): ValueType {
  let type = types.get(op)
  if (type === undefined) {
    type = typeOf(op)
    types.set(op, type)
  }
  return type
}

type NodeParts = Pick<Node, 'op' | 'type' | 'operands' | 'home'> & Partial<Node>

export class Graph {
  readonly root: Block
  readonly #known = new Map<string, Node>()
  readonly #loads = new Map<string, Node[]>()
  #nodes = 0
  #blocks = 0

  constructor() {
    this.root = this.block('root', null, null)
  }

  block(kind: Block['kind'], parent: Block | null, loop: LoopCode | null): Block {
    const depth = parent === null ? 0 : parent.depth + 1
    return {
      id: this.#blocks++,
      depth,
      parent,
      kind,
      loop,
      statements: [],
      hoisted: new Set(),
      release: [],
      slots: [],
    }
  }

  /** A node that is equal to no other. */
  fresh(parts: NodeParts): Node {
    return {
      immediates: none,
      slot: null,
      group: null,
      at: 0,
      amount: null,
      uses: 0,
      remaining: 0,
      local: null,
      ...parts,
      id: this.#nodes++,
    }
  }

  /** A pure instruction. */
  op(op: OpName, operands: readonly Node[], ...immediates: readonly unknown[]): Node {
    let key: string = op
    for (const x of operands) key += ` ${x.id}`
    if (immediates.length > 0) key += ` : ${immediates.join(' ')}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    let home = this.root
    for (const x of operands) if (x.home.depth > home.depth) home = x.home
    const node = this.fresh({ op, type: resultOf(op), operands, home, immediates })
    this.#known.set(key, node)
    return node
  }

  constant(op: 'i32.const' | 'i64.const' | 'f32.const' | 'f64.const', value: number | bigint): Node {
    const key = `${op} ${Object.is(value, -0) ? '-0' : value}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const node = this.fresh({
      op,
      type: op.slice(0, 3) as ValueType,
      operands: none,
      home: this.root,
      immediates: [value],
    })
    this.#known.set(key, node)
    return node
  }

  int(value: number): Node {
    return this.constant('i32.const', value | 0)
  }

  vector(bytes: ArrayBufferView): Node {
    const view = new Int32Array(bytes.buffer, bytes.byteOffset, 4)
    const key = `v128.const ${view.join(' ')}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const node = this.fresh({
      op: 'v128.const',
      type: 'v128',
      operands: none,
      home: this.root,
      immediates: [bytes],
    })
    this.#known.set(key, node)
    return node
  }

  select(condition: Node, a: Node, b: Node): Node {
    if (a === b) return a
    const key = `select ${a.id} ${b.id} ${condition.id}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const home = deeper(condition.home, deeper(a.home, b.home))
    const node = this.fresh({ op: 'select', type: a.type, operands: [a, b, condition], home })
    this.#known.set(key, node)
    return node
  }

  /** The value of a slot from now on, until it is assigned again. */
  read(slot: Slot, home: Block): Node {
    return this.fresh({ op: 'read', type: slot.type, operands: none, home, slot })
  }

  /** The same instruction with the same operands that is at home in a block around `block`, or a new one. */
  load(key: string, block: Block, make: () => Node): Node {
    let known = this.#loads.get(key)
    if (known === undefined) {
      known = []
      this.#loads.set(key, known)
    }
    for (const node of known) if (isWithin(node.home, block)) return node
    const node = make()
    known.push(node)
    return node
  }

  // int32 arithmetic, with what is exact to fold.

  add(a: Node, b: Node): Node {
    const x = integerOf(a)
    const y = integerOf(b)
    if (x !== null && y !== null) return this.int(x + y)
    if (x === 0) return b
    if (y === 0) return a
    return this.op('i32.add', [a, b])
  }

  sub(a: Node, b: Node): Node {
    const x = integerOf(a)
    const y = integerOf(b)
    if (x !== null && y !== null) return this.int(x - y)
    return y === 0 ? a : this.op('i32.sub', [a, b])
  }

  mul(a: Node, b: Node): Node {
    const x = integerOf(a)
    const y = integerOf(b)
    if (x !== null && y !== null) return this.int(Math.imul(x, y))
    if (x !== null) return this.mul(b, a)
    if (y === null) return this.op('i32.mul', [a, b])
    if (y === 0 || y === 1) return y === 0 ? b : a
    const power = 31 - Math.clz32(y)
    return y === (1 << power) >> 0 ? this.op('i32.shl', [a, this.int(power)]) : this.op('i32.mul', [a, b])
  }
}
