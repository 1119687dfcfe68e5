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
import { operandsOf, scalarsOf } from './values.js'

export function kernelKey({ params, range, body }: Kernel): string {
  const writer = new KeyWriter()
  for (const param of params) writer.param(param)
  if (range !== null)
    writer.text += `range ${writer.nameOf(range.begin)} ${writer.nameOf(range.end)} ${range.align};`
  writer.block(body)
  return writer.text
}

class KeyWriter {
  text = ''
  /** Scalars with operands, axes, registers and parameters. */
  private readonly numbers = new Map<object, number>()

  nameOf(x: object): number {
    let number = this.numbers.get(x)
    if (number === undefined) {
      number = this.numbers.size
      this.numbers.set(x, number)
    }
    return number
  }

  param(x: KernelParam): void {
    this.text += x.kind === 'size' ? 'size' : `${x.access} ${x.dtype}`
    this.text += ` ${this.nameOf(x)};`
  }

  block(body: readonly Statement[]): void {
    for (const x of body) {
      const scalars = scalarsOf(x)
      for (let i = 0; i < scalars.length; i++) this.scalar(scalars[i]!)
      this.head(x)
      for (let i = 0; i < scalars.length; i++) this.operand(scalars[i]!)
      if (x.kind === 'loop') {
        for (const fold of x.folds) {
          const [identity, combine] = [fold.identity, fold.combine]
          for (const scalar of [...identity, ...combine]) this.scalar(scalar)
          this.list('fold', fold.registers)
          this.list('with', fold.others)
          this.text += ' from'
          for (const scalar of identity) this.operand(scalar)
          this.text += ' to'
          for (const scalar of combine) this.operand(scalar)
        }
        this.text += '{'
        this.block(x.body)
        this.text += '}'
      } else this.text += ';'
    }
  }

  private head(x: Statement): void {
    switch (x.kind) {
      case 'loop':
        this.text += `for ${this.nameOf(x.axis)} ${x.step} ${x.mode} ${x.jam}`
        return
      case 'store':
        this.text += `store ${this.nameOf(x.buffer)}`
        return
      case 'check':
        this.text += `check ${this.nameOf(x.errors)} ${x.code}`
        return
      default:
        this.text += `${x.kind} ${this.nameOf(x.register)} ${x.register.type}`
    }
  }

  private list(word: string, items: readonly object[]): void {
    this.text += ` ${word}`
    for (const item of items) this.text += ` ${this.nameOf(item)}`
  }

  /** Writes how a scalar is made, operands first; of a leaf nothing, since it is written where it is used. */
  private scalar(root: Scalar): void {
    if (isLeaf(root) || this.numbers.has(root)) return
    const stack: Scalar[] = [root]
    while (stack.length > 0) {
      const x = stack[stack.length - 1]!
      const height = stack.length
      const operands = operandsOf(x)
      for (let i = operands.length - 1; i >= 0; i--) {
        const operand = operands[i]!
        if (!isLeaf(operand) && !this.numbers.has(operand)) stack.push(operand)
      }
      if (stack.length > height) continue
      stack.pop()
      if (!this.numbers.has(x)) this.define(x, operands)
    }
  }

  /** The number itself need not be written: objects are numbered in the order in which they are met. */
  private define(x: Scalar, operands: readonly Scalar[]): void {
    if (x.kind === 'load') this.text += `load ${this.nameOf(x.buffer)}`
    else if (!isLeaf(x)) this.text += `${x.type} ${x.name}`
    for (let i = 0; i < operands.length; i++) this.operand(operands[i]!)
    this.numbers.set(x, this.numbers.size)
    this.text += ','
  }

  private operand(x: Scalar): void {
    switch (x.kind) {
      case 'const':
        this.text += ` ${x.type}=${Object.is(x.value, -0) ? '-0' : x.value}`
        return
      case 'axis':
        this.text += ` a${this.nameOf(x.axis)}`
        return
      case 'size':
        this.text += ` n${this.nameOf(x.size)}`
        return
      case 'register':
        this.text += ` r${this.nameOf(x.register)}`
        return
      default:
        this.text += ` ${this.nameOf(x)}`
    }
  }
}

type Leaf = Extract<Scalar, { readonly kind: 'const' | 'axis' | 'size' | 'register' }>

function isLeaf(x: Scalar): x is Leaf {
  return x.kind !== 'instruction' && x.kind !== 'load' && x.kind !== 'intrinsic'
}
