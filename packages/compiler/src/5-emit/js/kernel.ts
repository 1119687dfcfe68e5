/**
 * A kernel  →  JavaScript: the source of one function over the views of the memory.
 *
 *     const { float32: f32 } = views
 *     const a = address0 >> 2
 *     for (let i = 0; i < n0; i++) {
 *       f32[b + i] = f32[a + i] + 1
 *     }
 *
 * Lanes loops run as serial ones: JavaScript has no vectors, and its engines gain nothing from unrolled loops here.
 * Names count up in the order of appearance, so equal kernels give equal text.
 */
import { type DType, dtypeInfo, type Kernel, type ScalarType } from '@arignote/loops'
import { jsInstructions } from './instructions.js'
import { type Block, type Item, place, type Value } from './place.js'

/** The text of a value, and whether it is a float32 that is not rounded yet. */
interface Text {
  readonly text: string
  readonly unrounded: boolean
}

/** Longer expressions get a name of their own: engines parse nested parentheses by recursion. */
const longest = 120

const viewNames: Record<DType, string> = {
  bool: 'uint8',
  uint8: 'uint8',
  int32: 'int32',
  float32: 'float32',
  float64: 'float64',
}

const shifts = { 1: 0, 4: 2, 8: 3 } as const

/** The source of a function expression's parameters and body; `views`, `native` helpers and `Math` are in scope. */
export function emitKernel(kernel: Kernel): string {
  const { body, bases } = place(kernel)
  const emitter = new Emitter()
  const head: string[] = []
  const params = kernel.params.map((param, i) => {
    if (param.kind === 'size') {
      const name = emitter.name(param, 'n')
      head.push(`  ${name} = ${name} | 0`)
      return name
    }
    head.push(
      `  const ${emitter.name(bases.get(param)!, 'a')} = p${i} >> ${shifts[dtypeInfo[param.dtype].bytes]}`,
    )
    return `p${i}`
  })
  const lines = emitter.block(body, '  ')
  const views = [...emitter.views].sort().join(', ')
  return [`(${params.join(', ')}) => {`, `  const { ${views} } = views`, ...head, ...lines, '}'].join('\n')
}

class Emitter {
  readonly views = new Set<string>()
  readonly #names = new Map<object, string>()
  readonly #counts = new Map<string, number>()
  readonly #texts = new Map<Value, Text>()

  name(x: object, prefix: string): string {
    const known = this.#names.get(x)
    if (known !== undefined) return known
    const count = this.#counts.get(prefix) ?? 0
    this.#counts.set(prefix, count + 1)
    this.#names.set(x, `${prefix}${count}`)
    return `${prefix}${count}`
  }

  block(block: Block, indent: string): string[] {
    return block.items.flatMap(item => this.#item(item, indent))
  }

  #item(item: Item, indent: string): readonly string[] {
    switch (item.kind) {
      case 'define':
        return this.#define(item.value).map(line => indent + line)
      case 'statement':
        return [indent + this.#statement(item)]
      case 'loop': {
        const { axis, step } = item.loop
        const [begin, end] = item.operands.map(x => this.#use(x))
        const i = this.name(axis, 'i')
        const increment = step === 1 ? `${i}++` : `${i} += ${step}`
        const isFixed = ['const', 'size', 'axis'].includes(item.operands[1]!.scalar.kind)
        const limit = isFixed ? end : this.name({}, 'e')
        const start = isFixed ? `${i} = ${begin}` : `${i} = ${begin}, ${limit} = ${end}`
        const body = this.block(item.block, `${indent}  `)
        return [`${indent}for (let ${start}; ${i} < ${limit}; ${increment}) {`, ...body, `${indent}}`]
      }
    }
  }

  #define(value: Value): readonly string[] {
    if (value.uses === 0) return []
    const text = this.#expression(value)
    const isLeaf = value.operands.length === 0
    const isInline = value.uses === 1 && !value.escapes && text.text.length < longest
    if (isLeaf || isInline) {
      this.#texts.set(value, text)
      return []
    }
    const name = this.name(value, 'v')
    this.#texts.set(value, { text: name, unrounded: false })
    return [`const ${name} = ${round(text)}`]
  }

  #statement({ statement, operands }: Item & { kind: 'statement' }): string {
    switch (statement.kind) {
      case 'declare':
        return `let ${this.name(statement.register, 'r')} = ${this.#use(operands[0]!)}`
      case 'assign':
        return `${this.name(statement.register, 'r')} = ${this.#use(operands[0]!)}`
      case 'store': {
        const address = this.#use(operands[0]!)
        const target = `${this.#view(statement.buffer.dtype)}[${address}]`
        return `${target} = ${this.#stored(operands[1]!, statement.buffer.dtype)}`
      }
      case 'check': {
        const [ok, first, second, value] = operands.map(x => this.#use(x))
        const errors = this.#view(statement.errors.dtype)
        const report = `${errors}[${first}] = ${statement.code}; ${errors}[${second}] = ${value}`
        return `if (!${ok} && ${errors}[${first}] === 0) { ${report} }`
      }
    }
  }

  /** A store rounds by itself. */
  #stored(value: Value, dtype: DType): string {
    if (dtype === 'bool') return `${this.#use(value)} ? 1 : 0`
    return dtype === 'float32' ? this.#texts.get(value)!.text : this.#use(value)
  }

  #use(value: Value): string {
    return round(this.#texts.get(value)!)
  }

  #view(dtype: DType): string {
    this.views.add(viewNames[dtype])
    return viewNames[dtype]
  }

  #expression(value: Value): Text {
    const x = value.scalar
    const operands = value.operands.map(operand => this.#use(operand))
    switch (x.kind) {
      case 'const':
        return rounded(literal(x.type, x.value))
      case 'axis':
        return rounded(this.name(x.axis, 'i'))
      case 'size':
        return rounded(this.name(x.size, 'n'))
      case 'register':
        return rounded(this.name(x.register, 'r'))
      case 'load': {
        const element = `${this.#view(x.buffer.dtype)}[${operands[0]!}]`
        return rounded(x.buffer.dtype === 'bool' ? `(${element} !== 0)` : element)
      }
      case 'intrinsic': {
        const f = x.name in Math ? `Math.${x.name}` : x.name
        return { text: `${f}(${operands.join(', ')})`, unrounded: x.type === 'float32' }
      }
      case 'instruction': {
        const row = jsInstructions[x.name]
        const subject = (x.name === 'select' ? x.args[1]! : x.args[0]!).type
        const text = row.text(subject)(operands[0]!, operands[1] ?? '', operands[2] ?? '')
        const isExact = x.name === 'toFloat32' && subject === 'bool'
        return { text, unrounded: row.rounds && x.type === 'float32' && !isExact }
      }
    }
  }
}

function rounded(text: string): Text {
  return { text, unrounded: false }
}

function round({ text, unrounded }: Text): string {
  return unrounded ? `fround(${text})` : text
}

function literal(type: ScalarType, value: number): string {
  if (type === 'bool') return value === 0 ? 'false' : 'true'
  if (type === 'int64') return `${value < 0 ? `(${BigInt(value)}n)` : `${BigInt(value)}n`}`
  return Object.is(value, -0) || value < 0 ? `(${Object.is(value, -0) ? '-0' : value})` : String(value)
}
