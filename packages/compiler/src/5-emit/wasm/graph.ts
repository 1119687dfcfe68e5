/**
 * Graph: makes nodes, each only once, and blocks. Folds what is exact to fold in int32 arithmetic.
 */
import type { OpName, ValueType, WasmFunction } from '@arignote/wasm'
import type { Changeable } from '../../changeable.js'
import type { Group } from './address.js'
import type { LoopCode } from './code.js'
import { type Access, type Block, deeper, integerOf, isWithin, type Node, type Slot } from './node.js'

const none: readonly never[] = []

/** The type that an instruction leaves. */
function typeOf(op: OpName): ValueType {
  const prefix = op.slice(0, op.indexOf('.'))
  const tail = op.slice(op.indexOf('.') + 1)
  if (tail === 'extract_lane')
    return ({ i32x4: 'i32', i64x2: 'i64', f32x4: 'f32', f64x2: 'f64' } as const)[prefix]!
  if (prefix.includes('x') || prefix === 'v128') return 'v128'
  return /^(eqz?|ne|[lg][te](_[su])?)$/.test(tail) ? 'i32' : (prefix as ValueType)
}

interface InstructionInfo {
  /** Small, and its own. */
  readonly number: number
  readonly type: ValueType
}

/** Every instruction that was met. */
const met = new Map<OpName, InstructionInfo>()

function meet(op: OpName): InstructionInfo {
  const info = { number: met.size, type: typeOf(op) }
  met.set(op, info)
  return info
}

const widest = 2 ** 20

export class Graph {
  readonly root: Block
  /** Instructions of up to two operands, by number: the key of the others is text. */
  private readonly short = new Map<number, Node>()
  private readonly long = new Map<string, Node>()
  private readonly integers = new Map<number, Node>()
  private readonly loads = new Map<string, Node[]>()
  private nodes = 0
  private blocks = 0

  constructor() {
    this.root = this.block('root', null, null)
  }

  block(kind: Block['kind'], parent: Block | null, loop: LoopCode | null): Block {
    const depth = parent === null ? 0 : parent.depth + 1
    const id = this.blocks++
    return { id, depth, parent, kind, loop, statements: [], hoisted: new Set(), release: [], slots: [] }
  }

  private node(
    op: Node['op'],
    type: ValueType,
    operands: readonly Node[],
    home: Block,
    immediates: readonly unknown[] = none,
    isLeaf = false,
  ): Changeable<Node> {
    const id = this.nodes++
    return {
      id,
      op,
      type,
      operands,
      home,
      immediates,
      isLeaf,
      slot: null,
      group: null,
      at: 0,
      amount: null,
      remaining: 0,
      local: null,
      poly: null,
    }
  }

  /** A pure instruction; `lane`: of one lane, or the bytes of a shuffle. */
  op(op: OpName, operands: readonly Node[], lane?: number | readonly number[]): Node {
    const { number, type } = met.get(op) ?? meet(op)
    const a = operands[0]
    const b = operands[1]
    if (a !== undefined && operands.length < 3 && lane === undefined && a.id < widest) {
      const key = (number * widest + a.id) * widest + (b === undefined ? widest - 1 : b.id)
      const known = this.short.get(key)
      if (known !== undefined) return known
      const node = this.node(op, type, operands, b === undefined ? a.home : deeper(a.home, b.home))
      this.short.set(key, node)
      return node
    }
    return this.intern(op, type, operands, lane === undefined ? none : [lane])
  }

  private intern(
    op: Node['op'],
    type: ValueType,
    operands: readonly Node[],
    immediates: readonly unknown[],
    text: readonly unknown[] = immediates,
  ): Node {
    let key = `${op} ${text.join(' ')} :`
    for (let i = 0; i < operands.length; i++) key += ` ${operands[i]!.id}`
    const known = this.long.get(key)
    if (known !== undefined) return known
    let home = this.root
    for (let i = 0; i < operands.length; i++) home = deeper(home, operands[i]!.home)
    const isLeaf = operands.length === 0 && type !== 'v128'
    const node = this.node(op, type, operands, home, immediates, isLeaf)
    this.long.set(key, node)
    return node
  }

  constant(op: 'i64.const' | 'f32.const' | 'f64.const', value: number | bigint): Node {
    const text = [Object.is(value, -0) ? '-0' : value]
    return this.intern(op, op.slice(0, 3) as ValueType, none, [value], text)
  }

  int(value: number): Node {
    const known = this.integers.get(value | 0)
    if (known !== undefined) return known
    const node = this.node('i32.const', 'i32', none, this.root, [value | 0], true)
    this.integers.set(value | 0, node)
    return node
  }

  vector(bytes: ArrayBufferView): Node {
    const [a, b, c, d] = new Int32Array(bytes.buffer, bytes.byteOffset, 4)
    return this.intern('v128.const', 'v128', none, [bytes], [a, b, c, d])
  }

  select(condition: Node, a: Node, b: Node): Node {
    return a === b ? a : this.intern('select', a.type, [a, b, condition], none)
  }

  /** Of a function without effects, which gives one value. */
  call(target: WasmFunction, operands: readonly Node[]): Node {
    return this.intern('call', target.results[0]!, operands, [target], [target.name])
  }

  /** The value of a slot from now on, until it is assigned again. */
  read(slot: Slot, home: Block, group: Group | null = null): Node {
    const node = this.node('read', slot.type, none, home, none, true)
    node.slot = slot
    node.group = group
    return node
  }

  /** A value that a variable had when it was read. */
  copy(x: Node): Node {
    return this.node('copy', x.type, [x], x.home)
  }

  /** An address moved by a constant that is known late. */
  shift(x: Node, amount: () => number): Node {
    const node = this.node('shift', 'i32', [x], x.home)
    node.amount = amount
    return node
  }

  /** Stands for an index of which every lane has its own. */
  lanes(home: Block): Node {
    return this.node('lanes', 'i32', none, home)
  }

  /** An access to memory at `at` of a group. */
  access(op: OpName, type: ValueType, operands: readonly Node[], home: Block, access: Access): Node {
    const node = this.node(op, type, operands, home, [access.lane, access.align])
    node.group = access.group
    node.at = access.at
    return node
  }

  /** The same instruction with the same operands that is at home in a block around `block`, or a new one. */
  load(key: string, block: Block, make: () => Node): Node {
    const known = this.loads.get(key)
    if (known !== undefined) {
      for (let i = 0; i < known.length; i++) if (isWithin(known[i]!.home, block)) return known[i]!
    }
    const node = make()
    if (known === undefined) this.loads.set(key, [node])
    else known.push(node)
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
