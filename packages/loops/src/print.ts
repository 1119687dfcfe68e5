/**
 * Kernels as short pseudo-code.
 *
 *     kernel add(a: read f32, b: write f32, n0: size)
 *       for i in 0 .. n0 lanes ×2
 *         b[i] = a[i] + 1.0
 *
 * Names say only positions: equal kernels print equally whatever their axes, registers and parameters are called, and
 * different kernels print differently. (Code caches go by `kernelKey`, which says the same at less cost.)
 * What a statement uses twice, or what would make its line too long, is printed once before it as t0, t1, …
 */
import { dtypeInfo } from './dtype.js'
import type { InstructionName, ScalarType } from './instruction.js'
import type { Fold, Kernel, KernelParam, Loop, Statement } from './kernel.js'
import type { Scalar } from './scalar.js'
import { type Nominal, scalarsOf, Values } from './values.js'

/** A kernel as text, under its name. */
export function printKernel(kernel: Kernel): string {
  return `kernel ${kernel.name}${new Printer(kernel).lines.join('\n')}`
}

/** A scalar as text; axes, registers and parameters go by their own names. */
export function printScalar(scalar: Scalar): string {
  const printer = new Printer(null)
  const text = printer.statement([scalar], '', ([x]) => x!)
  return [...printer.lines, text].join('\n')
}

const longest = 88

const infix: Partial<Record<InstructionName, readonly [symbol: string, binding: number]>> = {
  or: ['|', 1],
  xor: ['^', 2],
  and: ['&', 3],
  eq: ['==', 4],
  ne: ['!=', 4],
  lt: ['<', 5],
  le: ['<=', 5],
  gt: ['>', 5],
  ge: ['>=', 5],
  shl: ['<<', 6],
  shrS: ['>>', 6],
  shrU: ['>>>', 6],
  add: ['+', 7],
  sub: ['-', 7],
  mul: ['*', 8],
  div: ['/', 8],
}

/** Text and how tightly its outermost operator binds. */
interface Text {
  readonly text: string
  readonly binding: number
}

class Printer {
  readonly lines: string[] = []
  readonly #names = new Map<Nominal, string>()
  readonly #counts = new Map<string, number>()
  readonly #named: boolean
  #temporaries = 0

  constructor(kernel: Kernel | null) {
    this.#named = kernel === null
    if (kernel === null) return
    this.lines.push(`(${kernel.params.map(param => this.#param(param)).join(', ')})`)
    if (kernel.range !== null) {
      const { begin, end, align } = kernel.range
      this.lines.push(`  range ${this.#name(begin, 'n')} .. ${this.#name(end, 'n')} align ${align}`)
    }
    this.#block(kernel.body, '  ')
  }

  #param(param: KernelParam): string {
    if (param.kind === 'size') return `${this.#name(param, 'n')}: size`
    return `${this.#name(param, 'buffer')}: ${param.access} ${dtypeInfo[param.dtype].short}`
  }

  /** Buffers are a, b, …; axes i, j, k, … ; sizes n0, …; registers r0, … . */
  #name(x: Nominal, kind: 'buffer' | 'axis' | 'n' | 'r'): string {
    if (this.#named) return x.name
    const known = this.#names.get(x)
    if (known !== undefined) return known
    const count = this.#counts.get(kind) ?? 0
    this.#counts.set(kind, count + 1)
    const letters = kind === 'buffer' ? 'abcdefgh' : kind === 'axis' ? 'ijklm' : ''
    const name = letters[count] ?? `${letters === '' ? kind : letters[0]}${count}`
    this.#names.set(x, name)
    return name
  }

  #block(body: readonly Statement[], indent: string): void {
    for (const x of body) {
      const text = this.statement(scalarsOf(x), indent, texts => this.#head(x, texts))
      this.lines.push(indent + text)
      if (x.kind === 'loop') {
        for (const fold of x.folds) this.#fold(fold, `${indent}  `)
        this.#block(x.body, `${indent}  `)
      }
    }
  }

  /** One line, its operands printed before it where they must be. */
  statement(scalars: readonly Scalar[], indent: string, line: (texts: readonly string[]) => string): string {
    const values = new Values()
    const roots = scalars.map(x => values.numberOf(x))
    const uses = new Array<number>(values.nodes.length).fill(0)
    for (let v = 0; v < values.nodes.length; v++) for (const o of values.operands(v)) uses[o]!++
    for (const root of roots) uses[root]!++
    const texts: Text[] = []
    values.nodes.forEach((x, v) => {
      const text = this.#scalar(
        x,
        values.operands(v).map(o => texts[o]!),
      )
      const isLeaf = values.operands(v).length === 0
      const isPlainRoot = roots.includes(v) && uses[v] === 1
      if (isLeaf || isPlainRoot || (uses[v] === 1 && text.text.length < longest)) {
        texts.push(text)
      } else {
        const name = `t${this.#temporaries++}`
        this.lines.push(`${indent}${name} = ${text.text}`)
        texts.push({ text: name, binding: 9 })
      }
    })
    return line(roots.map(root => texts[root]!.text))
  }

  #head(x: Statement, texts: readonly string[]): string {
    switch (x.kind) {
      case 'loop':
        return `for ${this.#name(x.axis, 'axis')} in ${texts[0]} .. ${texts[1]}${loopSuffix(x)}`
      case 'store':
        return `${this.#name(x.buffer, 'buffer')}[${texts[0]}] = ${texts[1]}`
      case 'declare':
        return `var ${this.#name(x.register, 'r')}: ${x.register.type} = ${texts[0]}`
      case 'assign':
        return `${this.#name(x.register, 'r')} = ${texts[0]}`
      case 'check':
        return `check ${texts[0]} else ${this.#name(x.errors, 'buffer')} = ${x.code}, ${texts[1]}`
    }
  }

  #fold(fold: Fold, indent: string): void {
    const registers = fold.registers.map(r => this.#name(r, 'r')).join(', ')
    const others = fold.others.map(r => `${this.#name(r, 'r')}: ${r.type}`).join(', ')
    const text = this.statement([...fold.identity, ...fold.combine], indent, texts => {
      const identity = texts.slice(0, fold.identity.length).join('; ')
      return `fold (${registers}) from (${identity}) with (${others}) → (${texts.slice(fold.identity.length).join('; ')})`
    })
    this.lines.push(indent + text)
  }

  #scalar(x: Scalar, operands: readonly Text[]): Text {
    const leaf = (text: string): Text => ({ text, binding: 9 })
    switch (x.kind) {
      case 'const':
        return leaf(printConstant(x.type, x.value))
      case 'axis':
        return leaf(this.#name(x.axis, 'axis'))
      case 'size':
        return leaf(this.#name(x.size, 'n'))
      case 'register':
        return leaf(this.#name(x.register, 'r'))
      case 'load':
        return leaf(`${this.#name(x.buffer, 'buffer')}[${operands[0]!.text}]`)
      case 'intrinsic':
        return leaf(`${x.name}(${operands.map(o => o.text).join(', ')})`)
      case 'instruction': {
        const operator = infix[x.name]
        if (operator === undefined) return leaf(`${x.name}(${operands.map(o => o.text).join(', ')})`)
        const [symbol, binding] = operator
        const [a, b] = operands as [Text, Text]
        const left = a.binding < binding ? `(${a.text})` : a.text
        const right = b.binding <= binding ? `(${b.text})` : b.text
        return { text: `${left} ${symbol} ${right}`, binding }
      }
    }
  }
}

function loopSuffix({ step, mode, jam }: Loop): string {
  return `${step === 1 ? '' : ` step ${step}`}${mode === 'lanes' ? ' lanes' : ''}${jam === 1 ? '' : ` ×${jam}`}`
}

/** Exact, and with the type: 1 is an int32, 1.0 a float32, 1.0d a float64, 1L an int64. */
export function printConstant(type: ScalarType, value: number): string {
  switch (type) {
    case 'bool':
      return value === 0 ? 'false' : 'true'
    case 'int32':
      return String(value)
    case 'int64':
      return `${BigInt(value)}L`
    case 'float64':
      return `${pointed(Object.is(value, -0) ? '-0' : String(value))}d`
    case 'float32':
      return pointed(Object.is(value, -0) ? '-0' : shortestFloat32(value))
  }
}

function pointed(text: string): string {
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

function shortestFloat32(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(Number(value.toPrecision(9)))
}
