/**
 * Basic indexing: what users write for an axis  →  a window, dropped axes, and gathers for symbolic positions.
 */
import { addDim, type Dim, DimExpr, floorDivDim, maxDim, minDim, mulDim, subDim } from '../dim.js'
import { badArgument, indexOutOfRange, tooManyIndices, wrongDType } from '../errors.js'
import { Variable } from '../variable.js'
import { add } from './arithmetic.js'
import { lt } from './comparison.js'
import { take } from './gather.js'
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

const isRange = (spec: IndexSpec): spec is Range =>
  typeof spec === 'object' && spec !== null && !(spec instanceof Variable) && !(spec instanceof DimExpr)

export function sliceBy(x: Variable, specs: readonly IndexSpec[]): Variable {
  if (specs.length > x.ndim) throw tooManyIndices('slice', x, specs.length)
  const dropped: number[] = []
  const gathered: { readonly axis: number; readonly index: Variable }[] = []
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
  const cutOut = window(x, {
    starts: cuts.map(c => c.start),
    steps: cuts.map(c => c.step),
    sizes: cuts.map(c => c.size),
  })
  const kept = dropped.length === 0 ? cutOut : squeeze(cutOut, dropped)
  return gathered.reduceRight((rest, { axis, index }) => {
    const at = axis - dropped.filter(d => d < axis).length
    return take(rest, fromFront(index, x.shape[axis]!, x), at)
  }, kept)
}

/** Element i along axis 0, without the axis; i may be symbolic. */
export function at(x: Variable, i: Size): Variable {
  return sliceBy(x, [i])
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
    throw wrongDType('slice', [x, index], 'an index is an integer scalar; use take for a tensor of indices')
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
  const border = (size: Size) => clamp(asDim('slice', size), n, step)
  const from = start == null ? (step > 0 ? 0 : subDim(n, 1)) : border(start)
  const to = stop == null ? (step > 0 ? n : -1) : border(stop)
  const length = step > 0 ? distance(from, to) : distance(to, from)
  const strides = mulDim(-1, floorDivDim(mulDim(-1, length), Math.abs(step)))
  return { start: from, step, size: strides }
}

/** to − from, but not below 0. */
function distance(from: Dim, to: Dim): Dim {
  if (provablyAtLeast(to, from)) return subDim(to, from)
  return maxDim(0, subDim(to, from))
}

/** A border between 0 and n (backwards: between −1 and n − 1), counted from the end where it is negative. */
function clamp(border: Dim, n: Dim, step: number): Dim {
  const [low, high] = step > 0 ? [0, n] : [-1, subDim(n, 1)]
  if (neverNegative(border)) return minDim(border, high)
  if (typeof border === 'number') return maxDim(addDim(n, border), low)
  const isNegative = minDim(1, maxDim(0, mulDim(-1, border)))
  return maxDim(low, minDim(addDim(border, mulDim(n, isNegative)), high))
}
