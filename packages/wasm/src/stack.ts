/**
 * Stack: the types of the operands while code is being emitted, block by block.
 *
 * After an unconditional branch the rest of a block cannot be reached. There the stack is
 * polymorphic: whatever an instruction takes is there, of "any" type (specification, appendix
 * "Validation Algorithm").
 */
import { finished, operandMismatch } from './errors.js'
import type { ValueType } from './opcode.js'

/** The type of an operand; "any" where code cannot be reached. */
export type Operand = ValueType | 'any'

interface Frame {
  readonly results: readonly ValueType[]
  /** Operands below belong to surrounding blocks. */
  readonly base: number
  unreachable: boolean
}

/** The operand stack of a function under construction. */
export class OperandStack {
  private readonly operands: Operand[] = []
  private readonly frames: Frame[] = []
  /** The innermost block; none before the function begins and after it has ended. */
  private frame: Frame | undefined

  constructor(readonly functionName: string) {}

  /** Enters a block. */
  open(results: readonly ValueType[]): void {
    this.frame = { results, base: this.operands.length, unreachable: false }
    this.frames.push(this.frame)
  }

  /** Leaves a block, which must hold its results and nothing else. */
  close(what: string): void {
    const { results, base } = this.frame ?? this.gone()
    const found = this.operands.slice(base)
    this.take(what, results)
    if (this.operands.length !== base) throw operandMismatch(what, results, found, this.functionName)
    this.frames.pop()
    this.frame = this.frames[this.frames.length - 1]
  }

  /** Removes the operands of an instruction. */
  take(what: string, types: readonly ValueType[]): void {
    const { base, unreachable } = this.frame ?? this.gone()
    const operands = this.operands
    const first = operands.length - types.length
    for (let i = types.length - 1; i >= 0; i--) {
      // Below the base of unreachable code there is as much as anyone asks for.
      if (first + i < base && unreachable) break
      const found = first + i < base ? undefined : operands[first + i]
      if (found !== types[i] && found !== 'any') {
        const shown = operands.slice(Math.max(base, first))
        throw operandMismatch(what, types, shown, this.functionName)
      }
    }
    while (operands.length > base && operands.length > first) operands.pop()
  }

  /** Removes the operand of an instruction that names a variable. */
  takeOne(what: string, type: ValueType, variable: string): void {
    // Most operands are as they should be; no text is made for those.
    const operands = this.operands
    const { base } = this.frame ?? this.gone()
    if (operands.length > base && operands[operands.length - 1] === type) operands.pop()
    else this.take(`${what} $${variable}`, [type])
  }

  /** Removes one operand of whatever type. */
  takeAny(what: string): Operand {
    const { base, unreachable } = this.frame ?? this.gone()
    if (this.operands.length > base) return this.operands.pop() as Operand
    if (unreachable) return 'any'
    throw operandMismatch(what, ['any'], [], this.functionName)
  }

  /** Two operands of one type and a condition become one operand. */
  select(): void {
    this.take('select', ['i32'])
    const b = this.takeAny('select')
    const a = this.takeAny('select')
    if (a !== b && a !== 'any' && b !== 'any')
      throw operandMismatch('select', [a, a, 'i32'], [a, b, 'i32'], this.functionName)
    this.putOne(a === 'any' ? b : a)
  }

  /** Adds the results of an instruction. */
  put(types: readonly Operand[]): void {
    for (let i = 0; i < types.length; i++) this.operands.push(types[i]!)
  }

  /** Adds one operand. */
  putOne(type: Operand): void {
    this.operands.push(type)
  }

  /** Marks the rest of the innermost block as unreachable. */
  abandon(): void {
    const frame = this.frame ?? this.gone()
    this.operands.length = frame.base
    frame.unreachable = true
  }

  private gone(): never {
    throw finished(this.functionName)
  }
}
