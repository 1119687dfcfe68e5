/**
 * Functional writes: a tensor with some of its elements set, or added to. Theano's `set_subtensor` and `inc_subtensor`.
 *
 * The first argument is a view of some tensor x; the result is x with other values there. What x is, `at` and `slice` remember,
 * and the nodes of other views tell. Reading and writing back is defined step by step, from the view inwards.
 */
import { type DType, promote, s } from '@arignote/loops'
import { differentDim, mulDim } from '../dim.js'
import { badArgument, sizesDiffer, wrongDType, wrongRank } from '../errors.js'
import { checkOptions, checkTensor } from '../given.js'
import type { Op } from '../op.js'
import type { TensorLike } from '../static.js'
import { type Apply, apply1, type Rank, type Tensor, Variable } from '../variable.js'
import { add } from './arithmetic.js'
import { cast } from './cast.js'
import { gt } from './comparison.js'
import { constantFor } from './constant.js'
import { diag, fromDiagonal, takesDiagonal } from './diagonal.js'
import { type GatherParams, lastPosition, scatterAdd, take } from './gather.js'
import { wholeOf } from './indexing.js'
import { where } from './select.js'
import { full, zerosLike } from './source.js'
import {
  expand,
  expandDims,
  reshape,
  type SliceParams,
  slice,
  squeeze,
  transpose,
  unslice,
  window,
} from './view.js'
import { padBy } from './window.js'

// ── the elements of a window replaced ─────────────────────────────────────────────────────────

const setWindowOp: Op<SliceParams> = {
  name: 'setWindow',
  family: {
    kind: 'view',
    read: (index, { params: { starts, steps, sizes }, inputs: [x], size }) => {
      const at = index.map((i, axis) => {
        const start = size(starts[axis]!)
        return steps[axis]! > 0 ? s.sub(i, start) : s.sub(start, i)
      })
      const inside = at.flatMap((distance, axis) => {
        const step = Math.abs(steps[axis]!)
        if (starts[axis] === 0 && step === 1 && sizes[axis] === x!.shape[axis]) return []
        const isReached = s.and(s.ge(distance, 0), s.lt(distance, size(mulDim(sizes[axis]!, step))))
        return step === 1 ? [isReached] : [isReached, s.eq(s.rem(distance, step), 0)]
      })
      const places = at.map((distance, axis) => s.quot(distance, Math.abs(steps[axis]!)))
      const where = inside.length === 0 ? {} : { where: inside.reduce((a, b) => s.and(a, b)) }
      return [
        { input: 1, index: places, ...where },
        { input: 0, index },
      ]
    },
  },
  infer: ([x]) => ({ outputs: [x!] }),
  grad: ({ inputs: [, y], params, cotangents: [g] }) => [
    setWindow(g!, zerosLike(y!) as Variable, params),
    window(g!, params),
  ],
  batch: ([x, y], [xBatched, yBatched], { starts, steps, sizes }, { size }) => {
    const all = (v: Variable) => expand(expandDims(v, 0), [size, ...v.shape])
    return setWindow(xBatched ? x! : all(x!), yBatched ? y! : all(y!), {
      starts: [0, ...starts],
      steps: [1, ...steps],
      sizes: [size, ...sizes],
    })
  },
}

/** x with y where the slice of these params lies. */
const setWindow = (x: Variable, y: Variable, params: SliceParams): Variable =>
  apply1(setWindowOp, [x, y], params)

// ── rows replaced by index ────────────────────────────────────────────────────────────────────

/** Ids as one axis, and y with one axis in the place of theirs. */
function flatRows(
  ids: Variable,
  y: Variable,
  axis: number,
): { readonly ids: Variable; readonly y: Variable } {
  const flat: Variable = reshape(ids, [-1])
  const shape = [...y.shape.slice(0, axis), flat.shape[0]!, ...y.shape.slice(axis + ids.ndim)]
  return { ids: flat, y: reshape(y, shape) }
}

/** x with rows of y where ids say; of equal ids the last one counts. */
function setRows(x: Variable, ids: Variable, y: Variable, axis: number): Variable {
  const flat = flatRows(ids, y, axis)
  const source = lastPosition(flat.ids, x.shape[axis]!)
  // A row in front of the others, for the rows of x that no index names: there need not be any other.
  const none = flat.y.shape.map(() => 0)
  const padded = padBy(flat.y, { before: none.with(axis, 1), after: none, value: 0 })
  const others = x.shape.map((_, i) => i).filter(i => i !== axis)
  const isSet = expand(expandDims(gt(source, 0), others), x.shape)
  return where(isSet, take(padded, source, axis), x)
}

// ── steps from a view to what it is a view of ─────────────────────────────────────────────────

interface Step {
  /** The input with the node's elements replaced. */
  set(x: Variable, value: Variable): Variable
  /** Zeros of the input's shape, with the values added where the node's elements come from. */
  spread(x: Variable, value: Variable): Variable
}

/** The other way round; sets and spreads alike. */
const inverse = (back: (x: Variable, value: Variable) => Variable): Step => ({ set: back, spread: back })

/** How to write through a node; null: it is no view of its first input. */
function stepOf(node: Apply): Step | null {
  const axes = () => (node.params as { readonly axes: readonly number[] }).axes
  switch (node.op as unknown) {
    case slice.op: {
      const params = node.params as SliceParams
      return {
        set: (x, value) => setWindow(x, value, params),
        spread: (x, value) => unslice(value, params, x.shape),
      }
    }
    case take.op: {
      const ids = node.inputs[1]!
      const { axis } = node.params as GatherParams
      return {
        set: (x, value) => setRows(x, ids, value, axis),
        spread: (x, value) => scatterAdd(ids, value, axis, x.shape[axis]!),
      }
    }
    case diag.op: {
      const params = takesDiagonal(node)!
      const of = (x: Variable, value: Variable): Variable =>
        fromDiagonal(value, { ...params, rows: x.shape.at(-2)!, columns: x.shape.at(-1)! })
      const set = (x: Variable, value: Variable): Variable =>
        where(of(x, full(value.shape, true, 'bool')), of(x, value), x)
      return { set, spread: of }
    }
    case squeeze.op:
      return inverse((_, value) => expandDims(value, axes()))
    case expandDims.op:
      return inverse((_, value) => squeeze(value, axes()))
    case reshape.op:
      return inverse((x, value) => reshape(value, x.shape))
    case transpose.op:
      return inverse((_, value) =>
        transpose(
          value,
          axes().map((__, i) => axes().indexOf(i)),
        ),
      )
    default:
      return null
  }
}

/** The nodes of one call of `at`, `slice`, `take` or `diag`, from the view inwards; none: it is no view. */
function oneCall(view: Variable): readonly Apply[] {
  const nodes: Apply[] = []
  const next = (): Apply | null => (nodes.at(-1)?.inputs[0] ?? view).owner
  const isAtom = (node: Apply | null) => node?.op === (take.op as unknown) && node!.inputs[1]!.ndim === 0
  while (isAtom(next())) nodes.push(next()!)
  if (next()?.op === (squeeze.op as unknown) && next()!.inputs[0]!.owner?.op === (slice.op as unknown))
    nodes.push(next()!)
  if (next()?.op === (slice.op as unknown)) nodes.push(next()!)
  const single = [take.op, diag.op] as readonly unknown[]
  if (nodes.length === 0 && single.includes(next()?.op)) nodes.push(next()!)
  return nodes
}

/** The nodes between the view and x, from the view inwards. */
function between(operation: string, view: Variable, x: Variable): readonly Apply[] {
  const nodes: Apply[] = []
  let v = view
  while (v !== x) {
    if (v.owner === null || stepOf(v.owner) === null)
      throw badArgument(
        operation,
        'the first is no view of the other',
        'a view is made of x by at, slice, take, diag, reshape, transpose',
        [view, x],
      )
    nodes.push(v.owner)
    v = v.owner.inputs[0]!
  }
  return nodes
}

function pathOf(operation: string, view: Variable, of = wholeOf(view)): readonly Apply[] {
  if (of !== undefined) return between(operation, view, of)
  const nodes = oneCall(view)
  if (nodes.length === 0)
    throw badArgument(
      operation,
      '{0} is not a part of anything',
      'the first argument is the part to be written: x.at(i), x.slice(…), take(x, ids) or diag(x); see the option `of` for others',
      [view],
    )
  return nodes
}

/** y as the view has it: its dtype, which y must not exceed, and its shape, to which y broadcasts. */
function fitted(operation: string, view: Variable, y: TensorLike): Variable {
  const value: Variable = y instanceof Variable ? y : constantFor(operation, y, view.dtype)
  if (promote(view.dtype, value.dtype) !== view.dtype)
    throw wrongDType(
      operation,
      [view, value],
      `cast the new value to ${view.dtype}, or {0} to ${value.dtype}`,
    )
  if (value.ndim > view.ndim) throw wrongRank(operation, [view, value], '{1} must have no more axes than {0}')
  const missing = view.ndim - value.ndim
  const ranked = expandDims(
    value,
    view.shape.slice(0, missing).map((_, i) => i),
  )
  const wrong = ranked.shape.findIndex((n, axis) => n !== 1 && differentDim(n, view.shape[axis]!))
  if (wrong >= 0)
    throw sizesDiffer(
      operation,
      [view, value],
      `on axis ${wrong} of {0} {1} must have the same size, or 1`,
      view.shape[wrong]!,
      ranked.shape[wrong]!,
    )
  return expand(cast(ranked, view.dtype), view.shape)
}

export interface SubtensorOptions<X extends Variable = Variable> {
  /** The tensor to be written to. Default: what `at`, `slice`, `take` or `diag` was called on. */
  readonly of?: X
}

type Written<X> = X extends Variable<infer D, infer R extends Rank> ? Tensor<D, R> : never

/**
 * x with y in the place of one of its parts: `setSubtensor(x.at(i), y)`, `setSubtensor(x.slice({ stop: 3 }), y)`,
 * `setSubtensor(take(x, ids), y)`, `setSubtensor(diag(x), y)`. x itself stays as it is. y broadcasts to the part and is
 * converted to its dtype, which must not be lower. Where ids name a row twice, the last one counts.
 *
 * The part may be the result of several steps if `of` says of what: `setSubtensor(x.transpose().at(0), y, { of: x })`;
 * only then the type knows the rank.
 * @throws ArgumentError where the first argument is no part of a tensor; DTypeError, ShapeError where y does not fit
 */
export function setSubtensor<const X extends Variable>(
  part: Variable,
  y: TensorLike,
  options: { readonly of: X },
): Written<X>
export function setSubtensor<D extends DType>(
  part: Tensor<D>,
  y: TensorLike,
  options?: SubtensorOptions,
): Tensor<D>
export function setSubtensor(part: Variable, y: TensorLike, options: SubtensorOptions = {}): Variable {
  const { of } = checkOptions('setSubtensor', options, ['of'])
  checkTensor('setSubtensor', part)
  const path = pathOf('setSubtensor', part, of)
  return path.reduce(
    (value, node) => stepOf(node)!.set(node.inputs[0]!, value),
    fitted('setSubtensor', part, y),
  )
}

/**
 * x with y added to one of its parts, which is given as for `setSubtensor`. Where ids name a row several times, all that
 * belongs to it is added.
 * @throws ArgumentError where the first argument is no part of a tensor; DTypeError, also for bools; ShapeError
 */
export function incSubtensor<const X extends Variable>(
  part: Variable,
  y: TensorLike,
  options: { readonly of: X },
): Written<X>
export function incSubtensor<D extends DType>(
  part: Tensor<D>,
  y: TensorLike,
  options?: SubtensorOptions,
): Tensor<D>
export function incSubtensor(part: Variable, y: TensorLike, options: SubtensorOptions = {}): Variable {
  const { of } = checkOptions('incSubtensor', options, ['of'])
  checkTensor('incSubtensor', part)
  const path = pathOf('incSubtensor', part, of)
  if (part.dtype === 'bool')
    throw wrongDType('incSubtensor', [part], 'bools cannot be added: cast them, or use setSubtensor')
  const total = path.reduce(
    (value, node) => stepOf(node)!.spread(node.inputs[0]!, value),
    fitted('incSubtensor', part, y),
  )
  const x = path.at(-1)?.inputs[0] ?? part
  return add(x, total)
}
