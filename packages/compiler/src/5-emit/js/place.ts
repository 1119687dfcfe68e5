/**
 * Placing: a kernel  →  blocks of definitions and statements.
 *
 * Every value gets the outermost block in which it is defined and does not change, and is computed there once. What a
 * register or a buffer holds has a version; an assignment, a store, and either end of a loop with one in it begin a
 * new version, which belongs to the block it began in. A value belongs to the innermost block of its operands.
 *
 * Loads may leave a loop that runs zero times: JavaScript reads `undefined` out of range, and nobody looks at it.
 */
import {
  type BufferParam,
  type Kernel,
  type Loop,
  operandsOf,
  postorder,
  type Register,
  type Scalar,
  type SizeParam,
  type Statement,
  s,
  statementsOf,
} from '@arignote/loops'

export interface Value {
  readonly scalar: Scalar
  /** Of a load: its address. */
  readonly operands: readonly Value[]
  readonly block: Block
  readonly id: number
  uses: number
  /** Whether something in an inner block needs it. */
  escapes: boolean
}

export type Item =
  | { readonly kind: 'define'; readonly value: Value }
  | { readonly kind: 'loop'; readonly loop: Loop; readonly operands: readonly Value[]; readonly block: Block }
  | {
      readonly kind: 'statement'
      readonly statement: Exclude<Statement, Loop>
      readonly operands: readonly Value[]
    }

export interface Block {
  readonly level: number
  readonly items: Item[]
  readonly values: Map<string, Value>
}

/** The first element of each buffer, as a size: its address divided by the bytes of an element. */
export type Bases = ReadonlyMap<BufferParam, SizeParam>

export function place(kernel: Kernel): { readonly body: Block; readonly bases: Bases } {
  const placing = new Placing(kernel)
  placing.statements(kernel.body)
  return { body: placing.finish(), bases: placing.bases }
}

const mostTerms = 16

class Placing {
  readonly bases = new Map<BufferParam, SizeParam>()
  readonly #blocks: Block[] = [{ level: 0, items: [], values: new Map() }]
  readonly #all: Value[] = []
  readonly #versions = new Map<object, { readonly number: number; readonly level: number }>()
  readonly #identities = new Map<object, number>()
  #count = 0

  constructor(kernel: Kernel) {
    for (const x of kernel.params) {
      if (x.kind === 'buffer') this.bases.set(x, { kind: 'size', name: x.name })
    }
  }

  get #block(): Block {
    return this.#blocks[this.#blocks.length - 1]!
  }

  statements(body: readonly Statement[]): void {
    for (const x of body) {
      if (x.kind === 'loop') this.#loop(x)
      else this.#plain(x)
    }
  }

  #plain(statement: Exclude<Statement, Loop>): void {
    const known = new Map<Scalar, Value>()
    const operands = operandsOfStatement(statement, (buffer, index) => this.#address(buffer, index, known)) //
      .map(x => (isValue(x) ? x : this.#value(x, known)))
    this.#block.items.push({ kind: 'statement', statement, operands })
    for (const changed of changedBy(statement)) this.#renew(changed)
  }

  #loop(loop: Loop): void {
    const known = new Map<Scalar, Value>()
    const operands = [this.#value(loop.begin, known), this.#value(loop.end, known)]
    const outer = this.#block
    const block: Block = { level: outer.level + 1, items: [], values: new Map() }
    const changed = new Set(statementsOf(loop.body).flatMap(changedBy))
    this.#blocks.push(block)
    for (const x of [loop.axis, ...changed]) this.#renew(x)
    this.statements(loop.body)
    this.#blocks.pop()
    for (const x of changed) this.#renew(x)
    outer.items.push({ kind: 'loop', loop, operands, block })
  }

  #renew(x: object): void {
    this.#versions.set(x, { number: ++this.#count, level: this.#block.level })
  }

  #value(root: Scalar, known: Map<Scalar, Value>): Value {
    const found = known.get(root)
    if (found !== undefined) return found
    for (const x of postorder([root], new Set(known.keys()))) known.set(x, this.#node(x, known))
    return known.get(root)!
  }

  #node(x: Scalar, known: Map<Scalar, Value>): Value {
    switch (x.kind) {
      case 'const':
        return this.#define(x, [], `${x.type} ${Object.is(x.value, -0) ? '-0' : x.value}`)
      case 'size':
        return this.#define(x, [], `size ${this.#identity(x.size)}`)
      case 'axis':
        return this.#changing(x, [], x.axis, 'axis')
      case 'register':
        return this.#changing(x, [], x.register, 'register')
      case 'load':
        return this.#changing(x, [this.#address(x.buffer, x.index, known)], x.buffer, 'load')
      default: {
        const operands = operandsOf(x).map(operand => known.get(operand)!)
        return this.#define(x, operands, `${x.type} ${x.name} ${operands.map(o => o.id).join(' ')}`)
      }
    }
  }

  #changing(x: Scalar, operands: readonly Value[], holder: object, kind: string): Value {
    const version = this.#versions.get(holder) ?? { number: 0, level: 0 }
    const key = `${kind} ${this.#identity(holder)}.${version.number} ${operands.map(o => o.id).join(' ')}`
    return this.#define(x, operands, key, version.level)
  }

  #identity(x: object): number {
    const known = this.#identities.get(x)
    if (known !== undefined) return known
    this.#identities.set(x, this.#identities.size)
    return this.#identities.size - 1
  }

  #define(scalar: Scalar, operands: readonly Value[], key: string, level = 0): Value {
    const block = this.#blocks[Math.max(level, ...operands.map(o => o.block.level))]!
    const known = block.values.get(key)
    if (known !== undefined) return known
    const value: Value = { scalar, operands, block, id: this.#all.length, uses: 0, escapes: false }
    this.#all.push(value)
    block.values.set(key, value)
    block.items.push({ kind: 'define', value })
    return value
  }

  /** base + index, summed from the outermost terms inwards, so that only the innermost addition stays in the loop. */
  #address(buffer: BufferParam, index: Scalar, known: Map<Scalar, Value>): Value {
    const terms = termsOf(index).map(x => this.#value(x, known))
    terms.sort((a, b) => a.block.level - b.block.level)
    let sum = this.#node(s.size(this.bases.get(buffer)!), known)
    for (const term of terms) {
      if (term.scalar.kind === 'const' && term.scalar.value === 0) continue
      const args = [sum.scalar, term.scalar]
      const scalar: Scalar = { kind: 'instruction', name: 'add', type: 'int32', args }
      sum = this.#define(scalar, [sum, term], `int32 add ${sum.id} ${term.id}`)
    }
    return sum
  }

  /** Counts uses, from the last value to the first, so that what nobody needs keeps none. */
  finish(): Block {
    const use = (value: Value, user: Block) => {
      value.uses++
      if (value.block !== user) value.escapes = true
    }
    const statements = (block: Block) => {
      for (const item of block.items) {
        if (item.kind === 'define') continue
        for (const operand of item.operands) use(operand, block)
        if (item.kind === 'loop') statements(item.block)
      }
    }
    statements(this.#blocks[0]!)
    for (const value of this.#all.toReversed()) {
      if (value.uses > 0) for (const operand of value.operands) use(operand, value.block)
    }
    return this.#blocks[0]!
  }
}

function isValue(x: Scalar | Value): x is Value {
  return 'id' in x
}

/** What a statement needs, in the order in which it is written out. */
function operandsOfStatement(
  x: Exclude<Statement, Loop>,
  address: (buffer: BufferParam, index: Scalar) => Value,
): readonly (Scalar | Value)[] {
  switch (x.kind) {
    case 'store':
      return [address(x.buffer, x.index), x.value]
    case 'check':
      return [x.ok, address(x.errors, s.int(0)), address(x.errors, s.int(1)), x.value]
    default:
      return [x.value]
  }
}

/** The register or buffer that a statement itself changes. */
function changedBy(x: Statement): readonly (Register | BufferParam)[] {
  if (x.kind === 'loop') return []
  if (x.kind === 'store') return [x.buffer]
  if (x.kind === 'check') return [x.errors]
  return [x.register]
}

/** a + (b + c) → [a, b, c]; int32 addition wraps, so any order gives the same sum. */
function termsOf(index: Scalar): Scalar[] {
  const terms: Scalar[] = []
  const stack = [index]
  while (stack.length > 0) {
    const x = stack.pop()!
    const isSum = x.kind === 'instruction' && x.name === 'add'
    if (isSum && terms.length + stack.length < mostTerms) stack.push(x.args[1]!, x.args[0]!)
    else terms.push(x)
  }
  return terms
}
