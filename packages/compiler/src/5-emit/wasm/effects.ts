/**
 * Effects: what a loop changes, and what in a lanes loop differs from lane to lane.
 */
import {
  type Axis,
  type BufferParam,
  expandIntrinsic,
  isLeaf,
  type Loop,
  operandsOf,
  type Register,
  type Scalar,
  type Statement,
  scalarsOf,
  statementsOf,
} from '@arignote/loops'

export interface Effects {
  readonly registers: ReadonlySet<Register>
  readonly buffers: ReadonlySet<BufferParam>
}

/** The registers that statements assign and the buffers that they write. */
export function effectsOf(body: readonly Statement[]): Effects {
  const registers = new Set<Register>()
  const buffers = new Set<BufferParam>()
  const statements = statementsOf(body)
  for (let i = 0; i < statements.length; i++) {
    const x = statements[i]!
    if (x.kind === 'assign') registers.add(x.register)
    else if (x.kind === 'store') buffers.add(x.buffer)
    else if (x.kind === 'check') buffers.add(x.errors)
    else if (x.kind === 'loop') for (const fold of x.folds) for (const r of fold.registers) registers.add(r)
  }
  return { registers, buffers }
}

/** The intrinsics of a kernel in instructions: always the same object for the same intrinsic. */
export class Expansions {
  private readonly known = new Map<Scalar, Scalar>()

  of(x: Scalar & { kind: 'intrinsic' }): Scalar {
    let expanded = this.known.get(x)
    if (expanded === undefined) {
      expanded = expandIntrinsic(x.name, x.args)
      this.known.set(x, expanded)
    }
    return expanded
  }
}

export interface Varying {
  /** Registers that differ from lane to lane. */
  readonly registers: ReadonlySet<Register>
  /** 2 where a value of 64 bits is stored or differs from lane to lane, else 4. */
  readonly lanes: 2 | 4
}

/** What depends on the axis of a lanes loop, to a fixpoint: registers carry it from statement to statement. */
export function varyingOf(loop: Loop, expansions: Expansions): Varying {
  const registers = new Set<Register>(loop.folds.flatMap(fold => [...fold.registers]))
  const statements = statementsOf(loop.body)
  for (;;) {
    const analysis = new Analysis(loop.axis, registers, expansions)
    if (!analysis.isComplete(statements)) continue
    const wide = [...registers].some(isWide) || analysis.foundWide
    const storesWide = statements.some(x => x.kind === 'store' && x.buffer.dtype === 'float64')
    return { registers, lanes: wide || storesWide ? 2 : 4 }
  }
}

const isWide = ({ type }: Register | Scalar) => type === 'float64' || type === 'int64'

/** One pass over the statements of a lanes loop, which adds to `registers` those that it finds to vary. */
class Analysis {
  /** Whether a value of 64 bits varies. */
  foundWide = false
  private readonly varies = new Map<Scalar, boolean>()
  /** Registers that were read as the same in every lane. */
  private readonly uniform = new Set<Register>()

  constructor(
    private readonly axis: Axis,
    private readonly registers: Set<Register>,
    private readonly expansions: Expansions,
  ) {}

  /** False where a register turns out to vary after it has been taken for uniform: all must be looked at again. */
  isComplete(statements: readonly Statement[]): boolean {
    for (const x of statements) {
      let varies = false
      const scalars = scalarsOf(x)
      for (let i = 0; i < scalars.length; i++) varies = this.isVarying(scalars[i]!) || varies
      if (!varies || (x.kind !== 'declare' && x.kind !== 'assign')) continue
      this.registers.add(x.register)
      if (this.uniform.has(x.register)) return false
    }
    return true
  }

  private isVarying(root: Scalar): boolean {
    if (isLeaf(root)) return this.isSource(root)
    const known = this.varies
    const stack: Scalar[] = [root]
    while (stack.length > 0) {
      const x = stack[stack.length - 1]!
      const height = stack.length
      if (!known.has(x)) {
        const operands = x.kind === 'intrinsic' ? [this.expansions.of(x)] : operandsOf(x)
        for (let i = 0; i < operands.length; i++) {
          const operand = operands[i]!
          if (!isLeaf(operand) && !known.has(operand)) stack.push(operand)
        }
        if (stack.length > height) continue
        let varies = false
        // Of a register after an operand that varies nothing is asked, so nothing is taken to be uniform either.
        for (let i = 0; i < operands.length && !varies; i++) {
          varies = known.get(operands[i]!) ?? this.isSource(operands[i]!)
        }
        known.set(x, varies)
        if (varies && isWide(x)) this.foundWide = true
      }
      stack.pop()
    }
    return known.get(root)!
  }

  /** Of a leaf. */
  private isSource(x: Scalar): boolean {
    if (x.kind === 'axis') return x.axis === this.axis
    if (x.kind !== 'register') return false
    if (this.registers.has(x.register)) return true
    this.uniform.add(x.register)
    return false
  }
}
