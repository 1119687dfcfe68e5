/**
 * Padding by elements of the tensor itself: each padded axis is a gather along the positions that a mode says.
 */
import { addDim, type Dim, mulDim, subDim } from '../dim.js'
import { badArgument } from '../errors.js'
import type { Variable } from '../variable.js'
import { maximum, minimum, mod, sub } from './arithmetic.js'
import { take } from './gather.js'
import { dimValue } from './size.js'
import { iota } from './source.js'

/** NumPy's names: the border repeated; mirrored without it and with it; from the other end. */
export type PadMode = 'constant' | 'edge' | 'reflect' | 'symmetric' | 'wrap'

/** For positions that count from the first element of x, the elements that stand there. */
const positions: Readonly<Record<Exclude<PadMode, 'constant'>, (at: Variable, n: Dim) => Variable>> = {
  edge: (at, n) => minimum(maximum(at, 0), dimValue(subDim(n, 1))) as Variable,
  wrap: (at, n) => mod(at, dimValue(n)) as Variable,
  reflect: (at, n) => mirrored(at, subDim(mulDim(n, 2), 2), 0),
  symmetric: (at, n) => mirrored(at, mulDim(n, 2), 1),
}

/** Forth and back, with a period. */
function mirrored(at: Variable, period: Dim, twice: number): Variable {
  const forth = mod(at, dimValue(period)) as Variable
  const back = sub(dimValue(subDim(period, twice)), forth) as Variable
  return minimum(forth, maximum(back, 0)) as Variable
}

/** x with more of itself around it. */
export function padWithItself(
  x: Variable,
  before: readonly Dim[],
  after: readonly Dim[],
  mode: Exclude<PadMode, 'constant'>,
): Variable {
  if (!(mode in positions))
    throw badArgument(
      'pad',
      `the mode ${JSON.stringify(mode)}`,
      "modes are 'constant', 'edge', 'reflect', 'symmetric', 'wrap'",
      [x],
    )
  return x.shape.reduce<Variable>((v, n, axis) => {
    if (before[axis] === 0 && after[axis] === 0) return v
    if (n === 0) throw badArgument('pad', `axis ${axis} has no elements`, 'there is nothing to repeat', [x])
    const padded = addDim(n, addDim(before[axis]!, after[axis]!))
    const at = sub(iota([padded], 0), dimValue(before[axis]!)) as Variable
    return take(v, positions[mode](at, n), axis)
  }, x)
}
