/**
 * Sorting along an axis. Orders are stable, and NumPy's: NaN is greater than everything, −0 and 0 are equal.
 */
import { type DType, isFloat } from '@arignote/loops'
import { type Dim, mulDim } from '../dim.js'
import { badArgument } from '../errors.js'
import { checkOptions } from '../given.js'
import type { Op } from '../op.js'
import type { DTypeOf, RankOf, TensorLike } from '../static.js'
import { apply1, asOneCall, type Tensor, type Variable } from '../variable.js'
import { asTensor } from './builders.js'
import { cast } from './cast.js'
import { entry } from './entry.js'
import { addLanes, takeLanes } from './lanes.js'
import { comparator, mergeSort, type Order } from './merge-sort.js'
import { alongAxis, routineOp } from './routine.js'
import { asSize, axisOf, provablyAtLeast, type Size } from './size.js'

export interface SortOptions {
  /** From the greatest to the least; NaN comes first then, and equals still keep their order. */
  readonly descending?: boolean
}
interface Best extends Order {
  /** How many of them, at most as many as there are. */
  readonly count: Dim
}

const twice = (dtype: DType, n: Dim) => [{ dtype, shape: [mulDim(n, 2)] }]

const sortOp: Op<Order> = routineOp<Order>({
  name: 'sort',
  core: { inputs: [1], output: 1 },
  shape: ([core]) => core!,
  scratch: ([x]) => twice(x!.dtype, x!.shape.at(-1)!),
  statements: ({ params, inputs: [x], output, scratch: [scratch], size }) => {
    const n = size(x!.shape[0]!)
    return mergeSort({
      ...params,
      n,
      count: n,
      item: i => x!.at(i),
      scratch: scratch!,
      store: (i, item) => output.store([i], item),
    })
  },
  evaluate: ([x], order) => Array.from(x!.data).sort(comparator(order)),
  grad: ({ inputs: [x], params: { descending }, cotangents: [g] }) => {
    if (!isFloat(x!.dtype)) return [null]
    const count = x!.shape.at(-1)!
    return [addLanes(best(x!, { descending, count }), g!, count)]
  },
})

const argsortOp: Op<Best> = routineOp<Best>({
  name: 'argsort',
  core: { inputs: [1], output: 1 },
  dtype: 'int32',
  shape: ([core], { count }, _, requires) => {
    const [n] = core as readonly [Dim]
    if (!provablyAtLeast(n, count))
      requires.push({ left: n, relation: 'atLeast', right: count, rule: 'k is at most the size of the axis' })
    return [count]
  },
  scratch: ([x]) => twice('int32', x!.shape.at(-1)!),
  statements: ({ params, inputs: [x], output, scratch: [scratch], size }) =>
    mergeSort({
      ...params,
      n: size(x!.shape[0]!),
      count: size(params.count),
      item: i => i,
      key: item => x!.at(item),
      scratch: scratch!,
      store: (i, item) => output.store([i], item),
    }),
  evaluate: ([x], order, [count]) => {
    const compare = comparator(order)
    const indices = Array.from({ length: x!.data.length }, (_, i) => i)
    return indices.sort((i, j) => compare(x!.data[i]!, x!.data[j]!)).slice(0, count)
  },
  grad: () => [null],
})

const best = (lanes: Variable, params: Best): Variable => apply1(argsortOp, [lanes], params)

/** Bools are sorted as the bytes that they are. */
function sortable(operation: string, x: TensorLike): Variable {
  const v = asTensor(x, operation)
  return v.dtype === 'bool' ? cast(v, 'uint8') : v
}

function ordered(operation: string, options: SortOptions): Order {
  checkOptions(operation, options, ['descending'])
  return { descending: options.descending ?? false }
}

/** The elements of each lane along an axis (the last) in ascending order. */
export const sort = entry(
  sortOp,
  <X extends TensorLike>(x: X, axis = -1, options: SortOptions = {}): Tensor<DTypeOf<X>, RankOf<X>> => {
    const { descending } = ordered('sort', options)
    const v = sortable('sort', x)
    const sorted = alongAxis([v], axisOf('sort', axis, v), lanes => apply1(sortOp, [lanes!], { descending }))
    return cast(sorted, asTensor(x, 'sort').dtype) as never
  },
)

/** Where the elements of a sorted lane come from: take them along the axis, and the lane is sorted. */
export const argsort = entry(
  argsortOp,
  <X extends TensorLike>(x: X, axis = -1, options: SortOptions = {}): Tensor<'int32', RankOf<X>> => {
    const { descending } = ordered('argsort', options)
    const v = sortable('argsort', x)
    return alongAxis([v], axisOf('argsort', axis, v), lanes =>
      best(lanes!, { descending, count: lanes!.shape.at(-1)! }),
    ) as never
  },
)

/** The k greatest elements of each lane, and where they are. */
export interface TopK<X> {
  readonly values: Tensor<DTypeOf<X>, RankOf<X>>
  readonly indices: Tensor<'int32', RankOf<X>>
}

/**
 * The k greatest elements of each lane along an axis (the last), from the greatest on; of equals the first come first. NaN
 * counts as greater than everything, as in `sort`.
 */
export function topK<X extends TensorLike>(x: X, k: Size, axis = -1): TopK<X> {
  return asOneCall(() => {
    const v = sortable('topK', x)
    const along = axisOf('topK', axis, v)
    const count = asSize('topK', k)
    const n = v.shape[along]!
    if (typeof n === 'number' && typeof count === 'number' && count > n)
      throw badArgument('topK', `${count} of ${n} elements`, 'k is at most the size of the axis', [v])
    const indices = alongAxis([v], along, lanes => best(lanes!, { descending: true, count }))
    const values = alongAxis([v, indices], along, (lanes, ids) => takeLanes(lanes!, ids!))
    return { values: cast(values, asTensor(x, 'topK').dtype), indices } as never
  })
}
