/**
 * Sums of pads that do not overlap, as one value put together from its parts.
 *
 * The gradient of a tensor that is read in slices is such a sum, of as many terms as there are slices: in an unrolled
 * recurrence one per step. Added up pair by pair it would be as many sums of the whole.
 */
import { dimKey, subDim } from '../dim.js'
import type { Variable } from '../variable.js'
import { zeros } from './source.js'
import { expand, expandDims } from './view.js'
import { concatenate, type PadParams, pad, padBy } from './window.js'

/** With fewer parts than this, zeros between them are not worth parts of their own. */
const manyParts = 8

interface Part {
  readonly term: Variable
  readonly start: number
  readonly end: number
}

/** The terms, with those that are zeros around disjoint parts of one axis joined. Their sum is the same. */
export function joinParts(terms: readonly Variable[]): readonly Variable[] {
  if (terms.length < 3) return terms
  const pads = terms.filter(isZeroPad)
  const axis = pads.length < 3 ? null : axisOfDifference(pads[0]!, pads[1]!)
  if (axis === null) return terms
  const row = rowKey(pads[0]!, axis)
  const parts = pads.flatMap(term => (rowKey(term, axis) === row ? (partOf(term, axis) ?? []) : []))
  const disjoint = withoutOverlaps(parts.sort((a, b) => a.start - b.start))
  const gaps = disjoint.filter((part, i) => i > 0 && part.start > disjoint[i - 1]!.end).length
  if (disjoint.length < (gaps === 0 ? 3 : manyParts)) return terms
  const joined = new Set(disjoint.map(part => part.term))
  return [...terms.filter(term => !joined.has(term)), assemble(disjoint, axis)]
}

const paramsOf = (v: Variable) => v.owner!.params as PadParams

function isZeroPad({ owner }: Variable): boolean {
  return owner?.op === pad.op && (owner.params as PadParams).value === 0
}

function axisOfDifference(v: Variable, w: Variable): number | null {
  const [p, q] = [paramsOf(v), paramsOf(w)]
  const unlike = v.shape.flatMap((_, axis) => (sideKey(p, axis) === sideKey(q, axis) ? [] : [axis]))
  return unlike.length === 1 ? unlike[0]! : null
}

const sideKey = ({ before, after }: PadParams, axis: number) =>
  `${dimKey(before[axis]!)} ${dimKey(after[axis]!)}`

/** Where it lies on the other axes. */
const rowKey = (v: Variable, axis: number) =>
  v.shape.map((_, i) => (i === axis ? '' : sideKey(paramsOf(v), i))).join()

function partOf(term: Variable, axis: number): Part | null {
  const start = paramsOf(term).before[axis]!
  const size = term.owner!.inputs[0]!.shape[axis]!
  return typeof start === 'number' && typeof size === 'number' ? { term, start, end: start + size } : null
}

/** Of parts in order, the first of those that overlap. */
function withoutOverlaps(parts: readonly Part[]): readonly Part[] {
  const kept: Part[] = []
  for (const part of parts) if (part.start >= (kept.at(-1)?.end ?? 0)) kept.push(part)
  return kept
}

function assemble(parts: readonly Part[], axis: number): Variable {
  const [first, last] = [parts[0]!, parts.at(-1)!]
  const pieces = parts.flatMap(({ term, start }, i) => {
    const piece = term.owner!.inputs[0]!
    const gap = i === 0 ? 0 : start - parts[i - 1]!.end
    return gap === 0 ? [piece] : [nothing(piece, axis, gap), piece]
  })
  const { before, after } = paramsOf(first.term)
  const beyond = subDim(first.term.shape[axis]!, last.end)
  return padBy(concatenate(pieces, axis), { before, after: after.with(axis, beyond), value: 0 })
}

function nothing(like: Variable, axis: number, size: number): Variable {
  const axes = like.shape.map((_, i) => i)
  return expand(expandDims(zeros([], like.dtype) as Variable, axes), like.shape.with(axis, size))
}
