/**
 * The key of a kernel in code caches: a line of text that is equal only for kernels of equal structure.
 *
 * Printing says the same for people; this is several times cheaper, and a kernel that is printed for nobody is the rule.
 * Objects are numbered as they are met, by identity, and everything else is written out where it is used. Like the
 * printed text the key says nothing of names. A scalar that is one object in one kernel and two equal ones in another makes their keys differ;
 * that costs a compilation and never happens to kernels that were made the same way.
 */
import type { Kernel, KernelParam, Statement } from './kernel.js'
import type { Scalar } from './scalar.js'
import { foldScalars, isLeaf, operandsOf, scalarsOf } from './values.js'

export function kernelKey({ params, range, body }: Kernel): string {
  const writer = new KeyWriter()
  for (const param of params) writer.param(param)
  if (range !== null)
    writer.words.push('range', writer.nameOf(range.begin), writer.nameOf(range.end), range.align)
  writer.block(body)
  return writer.words.join(' ')
}

class KeyWriter {
  readonly words: (string | number)[] = []
  /** Scalars with operands, axes, registers and parameters. */
  private readonly numbers = new Map<object, number>()
  private readonly waiting: Scalar[] = []

  nameOf(x: object): number {
    let number = this.numbers.get(x)
    if (number === undefined) {
      number = this.numbers.size
      this.numbers.set(x, number)
    }
    return number
  }

  param(x: KernelParam): void {
    if (x.kind === 'size') this.words.push('size', this.nameOf(x))
    else this.words.push(x.access, x.dtype, this.nameOf(x))
  }

  block(body: readonly Statement[]): void {
    const { words } = this
    for (const x of body) {
      const scalars = scalarsOf(x)
      for (let i = 0; i < scalars.length; i++) this.scalar(scalars[i]!)
      this.head(x)
      for (let i = 0; i < scalars.length; i++) this.operand(scalars[i]!)
      if (x.kind === 'loop') {
        for (const fold of x.folds) {
          const scalars = foldScalars(fold)
          this.list('fold', fold.registers)
          this.list('with', fold.others)
          for (const scalar of scalars) this.scalar(scalar)
          words.push('from')
          for (const scalar of scalars) this.operand(scalar)
        }
        words.push('{')
        this.block(x.body)
        words.push('}')
      } else words.push(';')
    }
  }

  private head(x: Statement): void {
    const { words } = this
    switch (x.kind) {
      case 'loop':
        words.push('for', this.nameOf(x.axis), x.step, x.mode, x.jam)
        return
      case 'store':
        words.push('store', this.nameOf(x.buffer))
        return
      case 'check':
        words.push('check', this.nameOf(x.errors), x.code)
        return
      default:
        words.push(x.kind, this.nameOf(x.register), x.register.type)
    }
  }

  private list(word: string, items: readonly object[]): void {
    this.words.push(word)
    for (const item of items) this.words.push(this.nameOf(item))
  }

  /** Writes how a scalar is made, operands first; of a leaf nothing, since it is written where it is used. */
  private scalar(root: Scalar): void {
    if (isLeaf(root) || this.numbers.has(root)) return
    const { numbers, waiting } = this
    waiting.push(root)
    while (waiting.length > 0) {
      const x = waiting[waiting.length - 1]!
      const height = waiting.length
      const operands = operandsOf(x)
      for (let i = operands.length - 1; i >= 0; i--) {
        const operand = operands[i]!
        if (!isLeaf(operand) && !numbers.has(operand)) waiting.push(operand)
      }
      if (waiting.length > height) continue
      waiting.pop()
      if (!numbers.has(x)) this.define(x, operands)
    }
  }

  /**
   * The number itself need not be written: objects are numbered in the order in which they are met. A name tells how many
   * operands follow and, with these, the type.
   */
  private define(x: Scalar, operands: readonly Scalar[]): void {
    if (x.kind === 'load') this.words.push('load', this.nameOf(x.buffer))
    else if (!isLeaf(x)) this.words.push(x.name)
    for (let i = 0; i < operands.length; i++) this.operand(operands[i]!)
    this.numbers.set(x, this.numbers.size)
  }

  /** A constant, or the number of what was met before; what kind it is of was told then. */
  private operand(x: Scalar): void {
    switch (x.kind) {
      case 'const':
        this.words.push(x.type, Object.is(x.value, -0) ? '-0' : x.value)
        return
      case 'axis':
        this.words.push(this.nameOf(x.axis))
        return
      case 'size':
        this.words.push(this.nameOf(x.size))
        return
      case 'register':
        this.words.push(this.nameOf(x.register))
        return
      default:
        this.words.push(this.nameOf(x))
    }
  }
}
