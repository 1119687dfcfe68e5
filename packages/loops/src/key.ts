/**
 * The key of a kernel in code caches: a line of text that is equal only for kernels of equal structure.
 *
 * Printing says the same for people; this is several times cheaper, and a kernel that is printed for nobody is the rule.
 * Objects are numbered as they are met, by identity, and everything else is written out. Like the printed text the key says
 * nothing of names. A scalar that is one object in one kernel and two equal ones in another makes their keys differ;
 * that costs a compilation and never happens to kernels that were made the same way.
 */
import type { Kernel, KernelParam, Statement } from './kernel.js'
import type { Scalar } from './scalar.js'
import { foldScalars, operandsOf, scalarsOf } from './values.js'

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
  /** Scalars, axes, registers and parameters. */
  readonly #numbers = new Map<object, number>()

  nameOf(x: object): number {
    let number = this.#numbers.get(x)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(x, number)
    }
    return number
  }

  param(x: KernelParam): void {
    this.text += x.kind === 'size' ? 'size' : `${x.access} ${x.dtype}`
    this.text += ` ${this.nameOf(x)};`
  }

  block(body: readonly Statement[]): void {
    for (const x of body) {
      for (const scalar of scalarsOf(x)) this.#scalar(scalar)
      this.#head(x)
      for (const scalar of scalarsOf(x)) this.text += ` ${this.nameOf(scalar)}`
      if (x.kind === 'loop') {
        for (const fold of x.folds) {
          for (const scalar of foldScalars(fold)) this.#scalar(scalar)
          this.#list('fold', fold.registers)
          this.#list('from', fold.identity)
          this.#list('with', fold.others)
          this.#list('to', fold.combine)
        }
        this.text += '{'
        this.block(x.body)
        this.text += '}'
      } else this.text += ';'
    }
  }

  #head(x: Statement): void {
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

  #list(word: string, items: readonly object[]): void {
    this.text += ` ${word}`
    for (const item of items) this.text += ` ${this.nameOf(item)}`
  }

  /** Writes how a scalar is made, operands first. */
  #scalar(root: Scalar): void {
    const numbers = this.#numbers
    const stack: Scalar[] = [root]
    while (stack.length > 0) {
      const x = stack[stack.length - 1]!
      const height = stack.length
      if (!numbers.has(x)) {
        const operands = operandsOf(x)
        for (let i = operands.length - 1; i >= 0; i--)
          if (!numbers.has(operands[i]!)) stack.push(operands[i]!)
        if (stack.length > height) continue
        this.#define(x, operands)
      }
      stack.pop()
    }
  }

  #define(x: Scalar, operands: readonly Scalar[]): void {
    switch (x.kind) {
      case 'const':
        this.text += `${x.type} ${Object.is(x.value, -0) ? '-0' : x.value}`
        break
      case 'axis':
        this.text += `axis ${this.nameOf(x.axis)}`
        break
      case 'size':
        this.text += `size ${this.nameOf(x.size)}`
        break
      case 'register':
        this.text += `${x.type} register ${this.nameOf(x.register)}`
        break
      case 'load':
        this.text += `load ${this.nameOf(x.buffer)}`
        break
      default:
        this.text += `${x.type} ${x.name}`
    }
    for (const operand of operands) this.text += ` ${this.nameOf(operand)}`
    // The number itself need not be written: objects are numbered in the order in which they are met.
    this.nameOf(x)
    this.text += ','
  }
}
