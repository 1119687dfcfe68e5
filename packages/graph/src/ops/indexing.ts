/**
 * Basic indexing: what users write for an axis  →  a window, dropped axes, and gathers for symbolic positions.
 */
import type { DType } from '@arignote/loops'
import { addDim, type Dim, DimExpr, floorDivDim, maxDim, minDim, mulDim, subDim } from '../dim.js'
import { badArgument, indexOutOfRange, tooManyIndices, wrongDType } from '../errors.js'
import { checkTensor } from '../given.js'
import type { LessOne, PlusOne, RankLess } from '../static.js'
import { type Rank, type Tensor, Variable } from '../variable.js'
import { type IndexedAxis, pickBy } from './advanced-index.js'
import { add } from './arithmetic.js'
import { lt } from './comparison.js'
import { asIndices, take } from './gather.js'
import { where } from './select.js'
import { asDim, dimValue, neverNegative, provablyAtLeast, type Size } from './size.js'
import { squeeze } from './view.js'
import { window } from './window.js'

/** A cut of an axis; what is left out is the whole of it, in order. */
export interface Range {
  readonly start?: Size | null
  readonly stop?: Size | null
  readonly step?: number
}

/** What an axis may be indexed with. */
export type IndexSpec = Size | null | Range

/** How many axes these drop; `number` where that is not known, or where tensors put axes in their place. */
type Dropped<P extends readonly unknown[], N extends Rank = 0> = P extends readonly [infer I, ...infer Others]
  ? Dropped<Others, [I] extends [Atom] ? PlusOne[N] : [I] extends [Range | null] ? N : Rank>
  : P extends readonly []
    ? N
    : Rank

/** What stands for one place. */
type Atom = Dim | Variable<DType, 0>

/** The rank of a slice. */
export type SliceRank<R extends Rank, P extends readonly IndexSpec[]> = RankLess[R][Dropped<P>]

const isRange = (spec: IndexSpec): spec is Range =>
  typeof spec === 'object' && spec !== null && !(spec instanceof Variable) && !(spec instanceof DimExpr)

const wholes = new WeakMap<Variable, Variable>()

/** What a part was last cut out of by `at` or `slice`: its nodes do not tell, since a cut of a cut looks the same. */
export const wholeOf = (part: Variable): Variable | undefined => wholes.get(part)

export function sliceBy(x: Variable, specs: readonly IndexSpec[]): Variable {
  const part = partBy(x, specs)
  if (part !== x) wholes.set(part, x)
  return part
}

function partBy(x: Variable, specs: readonly IndexSpec[]): Variable {
  checkTensor('slice', x)
  if (specs.length > x.ndim) throw tooManyIndices('slice', x, specs.length)
  if (specs.some(isTensor)) return advanced(x, specs)
  const dropped: number[] = []
  const gathered: IndexedAxis[] = []
  const cuts = x.shape.map((n, axis): Cut => {
    const spec = specs[axis] ?? null
    if (spec === null) return { start: 0, step: 1, size: n }
    if (isRange(spec)) return cut(n, spec, x)
    if (spec instanceof Variable) {
      gathered.push({ axis, index: spec })
      return { start: 0, step: 1, size: n }
    }
    dropped.push(axis)
    return { start: position(x, axis, spec), step: 1, size: 1 }
  })
  const cutOut = cutBy(x, cuts)
  const kept = dropped.length === 0 ? cutOut : squeeze(cutOut, dropped)
  return gathered.reduceRight((rest, { axis, index }) => {
    const at = axis - dropped.filter(d => d < axis).length
    return take(rest, fromFront(index, x.shape[axis]!, x), at)
  }, kept)
}

/** Where some axis is indexed by a tensor, numbers and scalars are indices like it: NumPy's advanced indexing. */
function advanced(x: Variable, specs: readonly IndexSpec[]): Variable {
  const indexed: IndexedAxis[] = []
  const cuts = x.shape.map((n, axis): Cut => {
    const spec = specs[axis] ?? null
    if (spec !== null && isRange(spec)) return cut(n, spec, x)
    if (isTensor(spec)) indexed.push({ axis, index: asIndices('slice', spec) })
    else if (spec instanceof Variable) indexed.push({ axis, index: fromFront(spec, n, x) })
    else if (spec !== null) indexed.push({ axis, index: dimValue(position(x, axis, spec)) })
    return { start: 0, step: 1, size: n }
  })
  return pickBy(cutBy(x, cuts), indexed)
}

const isTensor = (spec: IndexSpec): spec is Variable => spec instanceof Variable && spec.ndim > 0

const cutBy = (x: Variable, cuts: readonly Cut[]): Variable =>
  window(x, {
    starts: cuts.map(c => c.start),
    steps: cuts.map(c => c.step),
    sizes: cuts.map(c => c.size),
  })

/** Element i along axis 0, without the axis; i may be symbolic. */
export function at<D extends DType, R extends Rank>(x: Tensor<D, R>, i: Size): Tensor<D, LessOne[R]> {
  checkTensor('at', x)
  if (i instanceof Variable && i.ndim !== 0)
    throw wrongDType('at', [x, i], 'an index is an integer scalar; use take for a tensor of indices')
  return sliceBy(x, [i]) as Tensor<D, LessOne[R]>
}

/** A literal position, counted from the front; whether it exists is known here or required. */
function position(x: Variable, axis: number, spec: Dim): Dim {
  const n = x.shape[axis]!
  if (typeof spec !== 'number') return spec
  if (!Number.isInteger(spec))
    throw badArgument('slice', `the index ${spec}`, 'an index is a whole number', [x])
  if (typeof n === 'number' && (spec >= n || spec < -n)) throw indexOutOfRange('slice', x, axis, spec)
  return spec < 0 ? addDim(n, spec) : spec
}

/** A symbolic position, counted from the front. */
function fromFront(index: Variable, n: Dim, x: Variable): Variable {
  if (index.ndim !== 0 || (index.dtype !== 'int32' && index.dtype !== 'uint8'))
    throw wrongDType('slice', [x, index], 'an index is an integer, or a tensor of integers')
  if (index.dtype === 'uint8' || neverNegative(asDim('slice', index))) return index
  return where(lt(index, 0), add(index, dimValue(n)), index)
}

interface Cut {
  readonly start: Dim
  readonly step: number
  readonly size: Dim
}

/** NumPy's slice of an axis of n elements. */
function cut(n: Dim, { start, stop, step = 1 }: Range, x: Variable): Cut {
  if (!Number.isInteger(step) || step === 0)
    throw badArgument('slice', `a step of ${step}`, 'a step is a whole number other than 0', [x])
  const first = start == null ? null : asDim('slice', start)
  const end = stop == null ? null : asDim('slice', stop)
  const [low, high] = step > 0 ? [0, n] : [-1, subDim(n, 1)]
  const [whole, past] = step > 0 ? [0, n] : [high, low]
  const begin = first === null ? whole : fromStart(first, n, low)
  const until = end === null ? past : fromStart(end, n, low)
  // The border on the far side need not be cut off: beyond it the length is 0 anyway.
  const length = step > 0 ? distance(begin, atMost(until, high)) : distance(until, atMost(begin, high))
  const size = mulDim(-1, floorDivDim(mulDim(-1, length), Math.abs(step)))
  return { start: atMost(begin, high), step, size }
}

/** to − from, but not below 0. */
function distance(from: Dim, to: Dim): Dim {
  if (provablyAtLeast(to, from)) return subDim(to, from)
  return maxDim(0, subDim(to, from))
}

const atMost = (x: Dim, high: Dim): Dim => (provablyAtLeast(high, x) ? x : minDim(x, high))
const atLeast = (x: Dim, low: Dim): Dim => (provablyAtLeast(x, low) ? x : maxDim(x, low))

/** A border, counted from the end where it is negative, and at least `low`. */
function fromStart(border: Dim, n: Dim, low: Dim): Dim {
  if (neverNegative(border)) return border
  if (typeof border === 'number') return atLeast(addDim(n, border), low)
  const isNegative = minDim(1, maxDim(0, mulDim(-1, border)))
  return atLeast(addDim(border, mulDim(n, isNegative)), low)
}
