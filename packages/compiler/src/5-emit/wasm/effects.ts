/**
 * Effects: what a loop changes, and what in a lanes loop differs from lane to lane.
 */
import {
  type BufferParam,
  expandIntrinsic,
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
  for (const x of statementsOf(body)) {
    if (x.kind === 'assign') registers.add(x.register)
    else if (x.kind === 'store') buffers.add(x.buffer)
    else if (x.kind === 'check') buffers.add(x.errors)
    else if (x.kind === 'loop') for (const fold of x.folds) for (const r of fold.registers) registers.add(r)
  }
  return { registers, buffers }
}

const expansions = new WeakMap<Scalar, Scalar>()

/** An intrinsic in instructions; always the same object for the same intrinsic. */
export function expansionOf(x: Scalar & { kind: 'intrinsic' }): Scalar {
  let expanded = expansions.get(x)
  if (expanded === undefined) {
    expanded = expandIntrinsic(x.name, x.args)
    expansions.set(x, expanded)
  }
  return expanded
}

export interface Varying {
  /** Registers that differ from lane to lane. */
  readonly registers: ReadonlySet<Register>
  /** 2 where a value of 64 bits is stored or differs from lane to lane, else 4. */
  readonly lanes: 2 | 4
}

/** What depends on the axis of a lanes loop, to a fixpoint: registers carry it from statement to statement. */
export function varyingOf(loop: Loop): Varying {
  const registers = new Set<Register>(loop.folds.flatMap(fold => [...fold.registers]))
  const statements = [...statementsOf(loop.body)]
  const assignments = statements.filter(x => x.kind === 'declare' || x.kind === 'assign')
  for (;;) {
    const before = registers.size
    const known = new Map<Scalar, boolean>()
    for (const { register, value } of assignments) {
      if (isVarying(value, loop, registers, known)) registers.add(register)
    }
    if (registers.size > before) continue
    for (const x of statements) for (const scalar of scalarsOf(x)) isVarying(scalar, loop, registers, known)
    const isWide = (x: { type: string }) => x.type === 'float64' || x.type === 'int64'
    const storesWide = statements.some(x => x.kind === 'store' && x.buffer.dtype === 'float64')
    const wide =
      storesWide || [...registers].some(isWide) || [...known].some(([x, varies]) => varies && isWide(x))
    return { registers, lanes: wide ? 2 : 4 }
  }
}

function isVarying(
  root: Scalar,
  loop: Loop,
  registers: ReadonlySet<Register>,
  known: Map<Scalar, boolean>,
): boolean {
  const stack: Scalar[] = [root]
  while (stack.length > 0) {
    const x = stack[stack.length - 1]!
    if (known.has(x)) {
      stack.pop()
      continue
    }
    const operands = x.kind === 'intrinsic' ? [expansionOf(x)] : operandsOf(x)
    const waiting = operands.filter(y => !known.has(y))
    if (waiting.length > 0) {
      stack.push(...waiting)
      continue
    }
    stack.pop()
    const isSource =
      (x.kind === 'axis' && x.axis === loop.axis) || (x.kind === 'register' && registers.has(x.register))
    known.set(x, isSource || operands.some(y => known.get(y)))
  }
  return known.get(root)!
}
