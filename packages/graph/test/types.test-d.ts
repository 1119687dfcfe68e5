/**
 * What the type-checker says of tensors. Compiled by `npm run check`, never run.
 */
import type { DType } from '@arignote/loops'
import ndarray from 'ndarray'
import {
  add,
  arange,
  argmax,
  array,
  assert,
  cholesky,
  concatenate,
  constant,
  cumsum,
  type DTypeOf,
  det,
  diag,
  dim,
  div,
  dot,
  einsum,
  exp,
  exp2,
  eye,
  foldl,
  foldr,
  full,
  grad,
  gradClip,
  hessian,
  hvp,
  ifElse,
  incSubtensor,
  inv,
  isClose,
  jacobian,
  linspace,
  logAddExp,
  map,
  matmul,
  matrix,
  mean,
  meshgrid,
  moveaxis,
  type NdArray,
  ndarrayOf,
  norm,
  ones,
  print,
  ptp,
  Rop,
  rand,
  randn,
  reduce,
  row,
  type Shared,
  scalar,
  scan,
  setSubtensor,
  shared,
  slice,
  softmax,
  solve,
  sort,
  specifyShape,
  squeeze,
  stack,
  sum,
  type Tensor,
  take,
  takeAlongAxis,
  taps,
  tensor,
  tensor3,
  tensordot,
  tile,
  topK,
  until,
  type Value,
  type Variable,
  variance,
  vector,
  where,
  zeros,
  zerosArray,
} from '../src/index.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** The value's type is D and R, no more and no less. */
const is =
  <E>() =>
  <A>(_value: A, ..._proof: Equal<A, E> extends true ? [] : [never]) => {}

const is1 = (h: Tensor<'int32', 1>) => h
const is2 = (h: Tensor<'float32', 2>) => h

const x = matrix('x')
const v = vector('v')
const i = vector('i', 'int32')
const d = matrix('d', 'float64')
const flag = vector('flag', { dtype: 'bool' })
const t = tensor3('t')
is<Tensor<'float32', 3>>()(tensor3('t', { shape: ['batch', null, 3] }))
const n = scalar('n', 'int32')
const anything = x as Variable
const some: unknown = null

// Inputs.
is<Tensor<'float32', 2>>()(x)
is<Tensor<'int32', 1>>()(i)
is<Tensor<'bool', 1>>()(flag)
is<Tensor<'float32', 2>>()(row('r'))
is<Tensor<'float32', 0>>()(scalar())
is<Tensor<'float32', 3>>()(tensor('t', { shape: ['batch', null, 3] }))
is<Tensor<'uint8', 1>>()(tensor('t', { dtype: 'uint8', shape: [null] }))
is<Shared<'float32', 2>>()(shared([[1, 2]], 'W'))
is<Shared<'float64', 1>>()(shared(new Float64Array(3)))
is<Tensor<'float32', 0>>()(constant(1))
is<Tensor<'int32', 1>>()(constant([1, 2], 'int32'))
is<'float32'>()('float32' as DTypeOf<typeof x>)

// Products.
is<Tensor<'float32', 1>>()(dot(x, v))
is<Tensor<'float32', 1>>()(x.dot(v))
is<Tensor<'float32', 0>>()(v.dot(v))
is<Tensor<'float32', 2>>()(dot(x, x))
is<Tensor<'float64', 2>>()(dot(x, d))
is<Tensor<'float32', 2>>()(dot(x, 2))
is<Tensor<'float32', 3>>()(matmul(tensor3(), x))
is<Tensor<'int32', 0>>()(flag.dot(flag))

// Promotion and broadcasting.
is<Tensor<'float32', 2>>()(x.add(v))
is<Tensor<'float32', 2>>()(add(v, x))
is<Tensor<'float64', 2>>()(x.mul(d))
is<Tensor<'float32', 2>>()(x.sub(1))
is<Tensor<'float32', 2>>()(add(1, x))
is<Tensor<'int32' | 'float32', 1>>()(i.add(1))
is<Tensor<'float32', 1>>()(div(i, i))
is<Tensor<'int32', 1>>()(i.floorDiv(i))
is<Tensor<'float32', 1>>()(exp(i))
is<Tensor<'bool', 2>>()(x.gt(v))
is<Tensor<'float32', 2>>()(where(flag, x, 0))
is<Tensor<'float32', 2>>()(flag.where(x, 0))

// Reductions.
is<Tensor<'float32', 0>>()(x.sum())
is<Tensor<'float32', 1>>()(x.sum(0))
is<Tensor<'float32', 2>>()(x.sum(0, { keepdims: true }))
is<Tensor<'float32', 1>>()(x.sum(0, {}))
is<Tensor<'float32', 1>>()(x.sum(0, { keepdims: false }))
is<Tensor<'float32', 0>>()(x.sum([0, 1]))
is<Tensor<'float32', 2>>()(x.sum([0, 1], { keepdims: true }))
is<Tensor<'float32', 2>>()(x.sum(null, { keepdims: true }))
is<Tensor<'float32', 2>>()(sum(t, [-1]))
is<Tensor<'float32', 2>>()(variance(t, 0, { ddof: 1 }))
is<Tensor<'float32', 2>>()(t.std(0, { ddof: 1 }))
is<Tensor<'float32', 1>>()(norm(x, -1, { ord: 1 }))
is<Tensor<'float32', number>>()(x.sum([] as readonly number[]))
is<Tensor<'float32', number>>()(x.sum(0, { keepdims: some as boolean }))
is<Tensor<'float32', 0 | 1>>()(x.sum(some as 0 | null))
is<Tensor<'int32', 0>>()(sum(flag))
is<Tensor<'int32', 1>>()(argmax(x, 1))
is<Tensor<'float32', 0>>()(mean(i))
is<Tensor<'float32', 0>>()(i.mean())
is<Tensor<'float32', 2>>()(softmax(x))

// Shapes and indices.
is<Tensor<'float32', 3>>()(x.reshape([2, -1, 3]))
is<Tensor<'float32', 2>>()(t.flatten(2))
is<Tensor<'float32', 1>>()(x.at(0))
is<Tensor<'float32', 1>>()(x.at(i.at(0)))
is<Tensor<'float32', 2>>()(take(x, i))
is<Tensor<'float32', 3>>()(x.dimshuffle(0, 'x', 1))
is<Tensor<'float32', 2>>()(v.expandDims(0))
is<Tensor<'float32', 2>>()(zeros([2, 3]))
is<Tensor<'int32', 2>>()(full([2, x.shape[0]!], 1, 'int32'))
is<Tensor<'float64', 2>>()(eye(3, 3, 0, 'float64'))
is<Tensor<'float32', 3>>()(x.reshape([dim(x, 0), 2, x.shape[1]!]))
is<Tensor<'float32', number>>()(x.reshape(x.shape))
is<Tensor<'float32', 3>>()(stack([x, x]))
is<Tensor<'float64', 3>>()(stack([x, d, x]))
is<Tensor<'float32', 3>>()(stack(some as (typeof x)[]))
is<Tensor<'float32', 2>>()(concatenate([x, x], 1))
is<Tensor<'float64', 2>>()(concatenate([x, d]))
is<Tensor<'int32', 1>>()(concatenate([flag, i]))
is<Tensor<'float32', 2>>()(concatenate(some as readonly (typeof x)[]))
is<Tensor<'float32' | 'float64', 2>>()(concatenate(some as (typeof x | typeof d)[]))
is<Tensor<DType, 1>>()(concatenate([v, [1, 2]]))
is<Tensor<'float32', 4>>()(x.expandDims([0, -1]))
is<Tensor<'float32', 1>>()(squeeze(x, [0]))
is<Tensor<'float32', number>>()(x.squeeze())
is<Tensor<'float32', 2>>()(x.tile(2))
is<Tensor<'float32', 3>>()(tile(v, [2, 1, n]))
is<Tensor<'float32', 3>>()(tensordot(t, x, 1))
is<Tensor<'float32', 1>>()(t.tensordot(x))
is<Tensor<'float64', 3>>()(einsum('bi, ijk -> bjk', d, t))
is<Tensor<'float32', 0>>()(einsum('ij->', x))
is<Tensor<'float32', number>>()(einsum('ij', x))
is<Tensor<'float32', number>>()(einsum(some as string, x, x))
is<Tensor<'float32', 3>>()(t.tensordot(x, [[1], [0]]))
is<Tensor<'float32', 1>>()(x.flatten())
is<Tensor<'float32', 3>>()(t.take(matrix('ids', 'int32')).at(0))
is<Tensor<'float32', 3>>()(t.take([1, 2]))
is<Tensor<'float32', 2>>()(t.take(n, 1))
is<Tensor<'float32', 4>>()(take(t, array([[1], [2]], 'int32'), -1))

// Slices: a position drops its axis, whatever else is there keeps it.
is<Tensor<'float32', 3>>()(t.slice())
is<Tensor<'float32', 2>>()(t.slice(0))
is<Tensor<'float32', 2>>()(t.slice(null, { start: 1, stop: n }, 3))
is<Tensor<'float32', 1>>()(slice(t, n, { step: -1 }, -1))
is<Tensor<'float32', 0>>()(slice(t, 0, n, x.shape[0]!))
is<Tensor<'float32', 3>>()(t.slice(null, { stop: -1 }))
is<Tensor<'float32', number>>()(t.slice(some as number | null))
is<Tensor<'float32', number>>()(t.slice(...(some as number[])))
is<Tensor<'float32', number>>()(t.slice(null, ...(some as null[])))
is<Tensor<'float32', number>>()(anything.slice(0) as Tensor<'float32', number>)
// @ts-expect-error two axes are left
const notAVector: Tensor<'float32', 1> = t.slice(0)
// @ts-expect-error a string is not a position
t.slice('0')

// Arrays know what they are made of, and shared variables of them too.
is<NdArray<'float32', 2>>()(randn([3, 8]))
is<NdArray<'float64', 1>>()(rand([3], { dtype: 'float64', low: -1 }))
is<NdArray<'float32', number>>()(zerosArray(some as readonly number[]))
is<NdArray<'float32', 2>>()(array([[1, 2]]))
is<NdArray<'float32', 3>>()(array([[[1], [2]]]))
is<NdArray<'int32', 1>>()(array([1, 2], 'int32'))
is<NdArray<'float64', 1>>()(array(new Float64Array(3)))
is<NdArray<'int32', 2>>()(ndarrayOf(new Int32Array(4), [2, 2]))
is<NdArray<'float32', 2>>()(randn([3, 8]).transpose(1, 0))
is<Float32Array>()(randn([3, 8]).data)
is<Shared<'float32', 2>>()(shared(randn([3, 8])))
is<Shared<'float32', 1>>()(shared(zerosArray([8]), 'b'))
is<Shared<'int32', 1>>()(shared(zerosArray([8], 'int32')))
is<Shared<'uint8', 1>>()(shared(array([true], 'bool'))) // bytes
is<Shared<'uint8', 1>>()(shared(new Uint8Array(3)))
is<Shared<'float64', 2>>()(shared(randn([3, 8]), 'W', { dtype: 'float64' }))
is<Shared<'float32', 1>>()(shared(zerosArray([0]), null, { shape: [null] }))
is<Shared<'float32', 3>>()(shared([[[1, 2]]]))
is<Shared>()(shared(ndarray([1, 2])))
is<Shared>()(shared(ndarray(new Float32Array(4), [2, 2])))
is<Shared>()(shared(some as Value))
is<Shared>()(shared(some as NdArray))
is<Shared<'int32', 1>>()(shared<readonly number[], 'int32'>([1], 'n', { dtype: 'int32' }))
is<NdArray<'float32', 2>>()(shared(randn([3, 8])).getValue())
is<Tensor<'float32', 2>>()(x.add(randn([8])))
is<Tensor<'float64', 2>>()(x.add(randn([8], { dtype: 'float64' })))
is<Tensor<'float32', 2>>()(add([1, 2], x))
is<Tensor<'int32' | 'float32', 1>>()(add(new Int32Array(2), 0.5))
is<Tensor<'bool', 1>>()(constant([true, false]))
is<Tensor<'float64', 1>>()(constant(rand([2], { dtype: 'float64' })))
const foreign: NdArray = ndarray(new Float32Array(4), [2, 2])
const anyRank: NdArray<'float32'> = randn([3, 8])
const anyArray: NdArray = array([true], 'bool')
// @ts-expect-error a matrix is not a vector
const wrongRankArray: NdArray<'float32', 1> = randn([3, 8])
// @ts-expect-error float32 is not int32
const wrongArray: NdArray<'int32', 2> = randn([3, 8])
// @ts-expect-error what is float32 does not become int32 because it is expected to
const expected: Tensor<'int32', 2> = zeros([2, 3])

// until: the results are those of the step, with what they are.
const stopped = scan(({ x, h }) => until(h.sum().gt(1), { h: h.add(x), out: h.sum() }), {
  sequences: { x: matrix('x') },
  state: { h: vector('h') },
})
is2(stopped.h.all)
is<Tensor<'float32', 1>>()(stopped.h.last)
is<Tensor<'float32', 1>>()(stopped.out.all)
// @ts-expect-error: the next value of h is missing
scan(({ h }) => until(h.sum().gt(1), { out: h }), { state: { h: vector('h') }, steps: 3 })

// scan: what is written within `state` has the dtype that it has by itself.
const start = scan(({ a, h, k }) => ({ h: is2(h).add(a), k: is1(k).add(1).cast('int32'), out: a.sum() }), {
  sequences: { a: t },
  state: { h: zeros([dim(t, 1), 3]), k: full([2], 1, 'int32') },
})
is<Tensor<'float32', 3>>()(start.h.all)
is<Tensor<'float32', 2>>()(start.h.last)
is<Tensor<'int32', 1>>()(start.k.last)
is<Tensor<'float32', 1>>()(start.out.all)
const { a, b, c, e, f, g } = scan(s => s, {
  state: {
    a: ones([2], 'float64'),
    b: full([2, 2], 0),
    c: eye(3),
    e: arange(3),
    f: x.flatten(),
    g: shared(zerosArray([3])),
  },
  steps: n,
})
is<Tensor<'float64', 1>>()(a.last)
is<Tensor<'float32', 2>>()(b.last)
is<Tensor<'float32', 2>>()(c.last)
is<Tensor<'int32', 1>>()(e.last)
is<Tensor<'float32', 1>>()(f.last)
is<Tensor<'float32', 1>>()(g.last)
scan(
  ({ h }) => {
    // @ts-expect-error the state is float32
    const wrong: Tensor<'int32', 1> = h
    return { h: wrong }
  },
  { state: { h: zeros([3]) }, steps: 2 },
)

// taps: a tuple as long as the list, one rank lower; histories as always.
const tapped = scan(
  ({ a: [before, here, after], h: [older, newer], k: [last] }) => {
    is<Tensor<'float32', 2>>()(before.add(here).add(after))
    is<Tensor<'float32', 1>>()(older)
    is<Tensor<'int32', 0>>()(last)
    return { h: newer.add(older), k: last, out: here.sum() }
  },
  {
    sequences: { a: taps(t, [-1, 0, 1]) },
    state: { h: taps(x, [-2, -1]), k: taps(full([1], 1, 'int32'), [-1]) },
  },
)
is<Tensor<'float32', 2>>()(tapped.h.all)
is<Tensor<'float32', 1>>()(tapped.h.last)
is<Tensor<'int32', 1>>()(tapped.k.all)
is<Tensor<'float32', 1>>()(tapped.out.all)
scan(
  // @ts-expect-error the tuple has as many members as the list of taps
  ({ a: [before, here] }) => ({ out: before.add(here) }),
  { sequences: { a: t.taps([-1]) } },
)
// @ts-expect-error a state with taps is a tuple, not a tensor
scan(({ h }) => ({ h: h.add(1) }), { state: { h: taps(x, [-1]) }, steps: n })
const someTaps: readonly number[] = [-1]
scan(({ a }) => ({ out: is<readonly Tensor<'float32', 2>[]>()(a) ?? a[0]! }), {
  sequences: { a: taps(t, someTaps) },
})

// Folds: the state's type, or a list of them; map: one rank more.
is<Tensor<'float32', 3>>()(map(m => m.mul(2), t))
is<Tensor<'bool', 1>>()(map((m, r) => m.sum().lt(r.sum()), [t, x]))
is<[Tensor<'float32', 3>, Tensor<'float32', 1>]>()(map(m => [m, m.sum()], t))
is<Tensor<'float32', 1>>()(reduce((r, h) => h.add(r), x, v))
is<Tensor<'float32', 1>>()(foldl((m, r, h) => h.add(m.dot(r)), [t, x], zeros([3])))
is<Tensor<'float32', 0>>()(foldr(([r], [h]) => h.add(r.sum()), taps(x, [-1]), taps(v, [-2])))
is<[Tensor<'float32', 1>, Tensor<'int32', 0>]>()(
  reduce((r, h, k) => [h.add(r), k.add(1).cast('int32')], x, [v, full([], 0, 'int32')]),
)
// @ts-expect-error a direction of its own
foldl((r, h) => h.add(r), x, v, { reverse: true })

// Gradients have the form and the types of the variables, Jacobians the ranks together.
is<Tensor<'float32', 2>>()(grad(x.sum(), x))
is<Tensor<'float32', 2>>()(jacobian(v, v))
is<Tensor<'float32', 3>>()(jacobian(x, v))
is<Tensor<'float64', 3>>()(jacobian(v, d))
is<{ x: Tensor<'float32', 3>; v: Tensor<'float32', 2> }>()(jacobian(v, { x, v }))
is<Tensor<'float32', 4>>()(hessian(x.sum(), x))
is<Tensor<'float32', 2>>()(hvp(x.sum(), x, x))
is<Tensor<'float32', 1>>()(Rop(v, x, x))
is<Tensor<'float32', 2>>()(gradClip(x, -1, 1))
is<Tensor<'float32', 2>>()(x.gradScale(-1))

// What is not known stays wide.
is<Variable>()(anything.neg())
is<Variable>()(anything.add(x) as Variable)
is<Tensor<'float32', number>>()(tensor('t', { shape: [1] as readonly number[] }).neg())

// A narrow tensor goes where a wide one is asked for, not the other way round.
const wide: Variable = x
const wideRank: Tensor<'float32'> = x
// @ts-expect-error a matrix is not a vector
const wrongRank: Tensor<'float32', 1> = x
// @ts-expect-error float32 is not int32
const wrongDType: Tensor<'int32', 2> = x
// @ts-expect-error it may be of any rank
const unknownRank: Tensor<'float32', 2> = wideRank
// @ts-expect-error a string is not a tensor
add(x, 'y')
// @ts-expect-error complex128 is not a dtype
x.cast('complex128')

export default [
  wide,
  wrongRank,
  wrongDType,
  unknownRank,
  notAVector,
  foreign,
  anyRank,
  anyArray,
  wrongRankArray,
  wrongArray,
  expected,
]

// Diagonals, rearrangements, writes.
is<Tensor<'float32', 2>>()(diag(v))
is<Tensor<'float64', 1>>()(diag(d, 1))
is<Tensor<'float32', 2>>()(t.diag())
is<Tensor<'float32', number>>()(setSubtensor(x.at(0), v))
is<Tensor<'float32', 2>>()(setSubtensor(x.at(0), v, { of: x }))
is<Tensor<'float32', 2>>()(x.at(0).incSubtensor(1, { of: x }))
is<Tensor<'float64', 2>>()(incSubtensor(diag(d), 1, { of: d }))
is<Tensor<'float32', 3>>()(moveaxis(t, 0, 1))
is<Tensor<'float32', 2>>()(specifyShape(x, [null, 3]))
is<Tensor<'float32', 2>>()(takeAlongAxis(x, i.expandDims(0)))
is<Tensor<'float32', number>>()(x.slice(i, i))
is<Tensor<'float32', 1>>()(x.slice(n, null))
is<Tensor<'float32', 0>>()(x.slice(n, -1))
is<Tensor<'float32', 1>>()(linspace(0, 1, n))
is<[Tensor<'int32', 2>, Tensor<'float32', 2>]>()(meshgrid([i, v]))

// Numbers.
is<Tensor<'float32', 1>>()(exp2(i))
is<Tensor<'float64', 2>>()(logAddExp(v, d))
is<Tensor<'bool', 2>>()(isClose(v, x))
is<Tensor<'int32', 0>>()(ptp(i))
is<Tensor<'float32', 2>>()(x.ptp(0, { keepdims: true }))
is<Tensor<'float32', 1>>()(x.ptp(0))

// Branches and effects.
is<Tensor<'float32', 2>>()(ifElse(true, x, 0))
is<Tensor<'float32', 2>>()(ifElse(n, 0, x))
is<[Tensor<'float32', 2>, Tensor<'int32', 1>]>()(ifElse(true, [x, i], [x, 0]))
is<{ a: Tensor<'float32', 1>; b: Tensor<'float64', 2> }>()(ifElse(n, { a: v, b: d }, { a: 1, b: d }))
is<Tensor<'float32', 1>>()(n.gt(0).ifElse(v, 0))
is<Tensor<'float32', 2>>()(print(x, 'x'))
is<Tensor<'int32', 1>>()(assert(i, i.gt(0), 'positive'))
is<Tensor<'float32', 2>>()(x.print().assert(x.gt(0), 'positive'))
// @ts-expect-error a list has a counterpart for each
ifElse(true, [x, x], [x])

// Sorting, running sums and linear algebra.
is<Tensor<'int32', 2>>()(sort(x.cast('int32'), 0))
is<Tensor<'int32', 2>>()(x.argsort())
is<Tensor<'float32', 1>>()(topK(v, n).values)
is<Tensor<'int32', 2>>()(x.topK(3).indices)
is<Tensor<'int32', 1>>()(cumsum(i))
is<Tensor<'int32', 1>>()(v.gt(0).cumprod())
is<Tensor<'float32', 0>>()(det(x))
is<Tensor<'float32', 1>>()(t.det())
is<Tensor<'float32', 2>>()(inv(x.cast('uint8')))
is<Tensor<'float64', 2>>()(cholesky(constant([[1]], 'float64')))
is<Tensor<'float32', 1>>()(solve(x, v))
is<Tensor<'float64', 3>>()(solve(t, d.expandDims(1)))
is<Tensor<'float32', 2>>()(t.solveTriangular(v, { lower: false }))
is<Tensor<'float32', 2>>()(solve([[2]], x))
