/**
 * Products of tensors, all made of one `contract`.
 */
import type { DType } from '@arignote/loops'
import { badArgument, wrongRank } from '../errors.js'
import { checkList, describeGiven } from '../given.js'
import type {
  BatchedDotRank,
  CountOfAxes,
  DotRank,
  DTypeOf,
  MatmulRank,
  MeetOf,
  PlusOne,
  RankLess,
  RankOf,
  RankSum,
  TensorLike,
  ToSum,
} from '../static.js'
import type { Rank, Tensor, Variable } from '../variable.js'
import { mul } from './arithmetic.js'
import { asTensor, promoted } from './builders.js'
import { cast } from './cast.js'
import { contract, summable } from './contract.js'
import { sum } from './reduce.js'
import { axisOf } from './size.js'
import { reshape, squeeze, transpose } from './view.js'

type Product<X, Y, R extends Rank> = Tensor<ToSum[MeetOf<X, Y>], R>

const count = (n: number, from = 0): number[] => Array.from({ length: n }, (_, i) => from + i)

/** Variables of both operands; a host value adapts to the other one. */
const pairOf = (operation: string, x: TensorLike, y: TensorLike) =>
  promoted([x, y], operation) as readonly [Variable, Variable]

/**
 * Theano's dot: a scalar multiplies; otherwise the last axis of x is summed with the last but one of y (its only one,
 * if y is a vector).
 */
export function dot<X extends TensorLike, Y extends TensorLike>(
  x: X,
  y: Y,
): Product<X, Y, DotRank[RankOf<X>][RankOf<Y>]> {
  const [a, b] = pairOf('dot', x, y)
  if (a.ndim === 0 || b.ndim === 0)
    return mul(cast(a, summable(a.dtype)), cast(b, summable(b.dtype))) as never
  const left = count(a.ndim)
  const right = count(b.ndim, a.ndim)
  right[Math.max(0, b.ndim - 2)] = a.ndim - 1
  return contract(a, b, { left, right, out: unshared(left, right) }, 'dot') as never
}

/** The labels of both that are not shared. */
const unshared = (left: readonly number[], right: readonly number[]) => [
  ...left.filter(label => !right.includes(label)),
  ...right.filter(label => !left.includes(label)),
]

/** NumPy's matmul: a vector is a row on the left, a column on the right; axes before the last two broadcast. */
export function matmul<X extends TensorLike, Y extends TensorLike>(
  x: X,
  y: Y,
): Product<X, Y, MatmulRank[RankOf<X>][RankOf<Y>]> {
  const [a, b] = pairOf('matmul', x, y)
  if (a.ndim === 0 || b.ndim === 0) throw wrongRank('matmul', [a, b], 'neither may be a scalar: use mul')
  const batch = Math.max(a.ndim, b.ndim, 2) - 2
  const [row, inner, column] = [batch, batch + 1, batch + 2]
  const leading = (v: Variable) => count(Math.max(0, v.ndim - 2), batch - Math.max(0, v.ndim - 2))
  const left = [...leading(a), ...(a.ndim > 1 ? [row] : []), inner]
  const right = [...leading(b), inner, ...(b.ndim > 1 ? [column] : [])]
  const [aSlim, leftSlim] = withoutOnes(a, left, b, right, batch)
  const [bSlim, rightSlim] = withoutOnes(b, right, a, left, batch)
  const out = [...count(batch), ...(a.ndim > 1 ? [row] : []), ...(b.ndim > 1 ? [column] : [])]
  return contract(aSlim, bSlim, { left: leftSlim, right: rightSlim, out }, 'matmul') as never
}

/** The operand without the batch axes of size 1 that the other operand has in full. */
function withoutOnes(
  v: Variable,
  labels: readonly number[],
  other: Variable,
  others: readonly number[],
  batch: number,
): readonly [Variable, readonly number[]] {
  const axes = labels.flatMap((label, axis) =>
    label < batch && others.includes(label) && v.shape[axis] === 1 && other.shape[others.indexOf(label)] !== 1
      ? [axis]
      : [],
  )
  return axes.length === 0
    ? [v, labels]
    : [squeeze(v, axes), labels.filter((_, axis) => !axes.includes(axis))]
}

/** One product per row of axis 0: the dot of x[i] and y[i]. */
export function batchedDot<X extends TensorLike, Y extends TensorLike>(
  x: X,
  y: Y,
): Product<X, Y, BatchedDotRank[RankOf<X>][RankOf<Y>]> {
  const [a, b] = pairOf('batchedDot', x, y)
  if (a.ndim === 0 || b.ndim === 0)
    throw wrongRank('batchedDot', [a, b], 'both must have an axis 0 to go along')
  const left = count(a.ndim)
  const right = [0, ...count(b.ndim - 1, a.ndim)]
  if (a.ndim > 1 && b.ndim > 1) right[Math.max(1, b.ndim - 2)] = a.ndim - 1
  const out = [0, ...unshared(left, right)]
  return contract(a, b, { left, right, out }, 'batchedDot') as never
}

/** The axes of both that are not summed; `A` says how many are. */
export type TensordotRank<
  X extends Rank,
  Y extends Rank,
  A,
> = RankSum[RankLess[X][SummedAxes<A>]][RankLess[Y][SummedAxes<A>]]
type SummedAxes<A> = A extends number ? A : A extends readonly [infer X, unknown] ? CountOfAxes<X> : Rank
export type TensordotAxes = number | readonly [readonly number[], readonly number[]]

/** Sums the last `axes` axes of x with the first of y, or the axes listed for each. */
export function tensordot<X extends TensorLike, Y extends TensorLike, const A extends TensordotAxes = 2>(
  x: X,
  y: Y,
  axes: A = 2 as TensordotAxes as A,
): Product<X, Y, TensordotRank<RankOf<X>, RankOf<Y>, A>> {
  const [a, b] = pairOf('tensordot', x, y)
  if (typeof axes !== 'number') {
    checkList('tensordot', 'a pair of lists of axes', axes)
    for (const list of axes as readonly unknown[]) checkList('tensordot', 'a choice of axes', list)
  }
  const [ofX, ofY] =
    typeof axes === 'number'
      ? [count(axes, a.ndim - axes), count(axes)]
      : [axes[0].map(i => axisOf('tensordot', i, a)), axes[1].map(i => axisOf('tensordot', i, b))]
  if (ofX.length !== ofY.length || ofX.some(i => i < 0) || ofY.some(i => i >= b.ndim))
    throw badArgument('tensordot', 'the axes do not pair up', 'name as many axes of x as of y', [a, b])
  const left = count(a.ndim)
  const right = count(b.ndim, a.ndim)
  ofY.forEach((axis, i) => {
    right[axis] = ofX[i]!
  })
  return contract(a, b, { left, right, out: unshared(left, right) }, 'tensordot') as never
}

/** Every product of an element of x and one of y; tensors are taken flat. */
export function outer<X extends TensorLike, Y extends TensorLike>(x: X, y: Y): Product<X, Y, 2> {
  const [a, b] = pairOf('outer', x, y).map(v => (v.ndim === 1 ? v : reshape(v, [-1]))) as [Variable, Variable]
  return contract(a, b, { left: [0], right: [1], out: [0, 1] }, 'outer') as never
}

/** Of one tensor, whose axes may all stay, and of two. */
type EinsumDType<T extends readonly TensorLike[]> = T extends readonly [infer X]
  ? DTypeOf<X> | ToSum[DTypeOf<X>]
  : T extends readonly [infer X, infer Y]
    ? ToSum[MeetOf<X, Y>]
    : DType

/** The letters after the arrow. */
type EinsumRank<E extends string> = E extends `${string}->${infer Output}` ? CountOfLetters<Output> : Rank
type CountOfLetters<E extends string, N extends Rank = 0> = E extends `${infer Letter}${infer Others}`
  ? CountOfLetters<Others, Letter extends ' ' ? N : PlusOne[N]>
  : E extends ''
    ? N
    : Rank

/** Einstein's sums, of one or two tensors: `einsum('bi,ij->bj', x, W)`. Without an arrow, letters that occur once stay. */
export function einsum<const E extends string, const T extends readonly TensorLike[]>(
  equation: E,
  ...operands: T
): Tensor<EinsumDType<T>, EinsumRank<E>>
export function einsum(equation: string, ...operands: readonly TensorLike[]): Variable {
  if (typeof equation !== 'string')
    throw badArgument(
      'einsum',
      `${describeGiven(equation).what} is not an equation`,
      'write letters: "ij,jk->ik"',
    )
  const text = equation.replaceAll(' ', '')
  const [inputs = '', output = singles(inputs)] = text.split('->')
  const terms = inputs.split(',')
  const fail = (problem: string, hint: string) => badArgument('einsum', problem, hint, tensors)
  const tensors =
    operands.length === 2
      ? pairOf('einsum', operands[0]!, operands[1]!)
      : operands.map(x => asTensor(x, 'einsum'))
  if (!/^[A-Za-z,]*(->[A-Za-z]*)?$/.test(text))
    throw fail(`"${equation}" is not an equation`, 'write letters: "ij,jk->ik"')
  if (terms.length !== tensors.length)
    throw fail(`${terms.length} terms for ${tensors.length} tensors`, 'one term each')
  if (terms.length > 2) throw fail(`${terms.length} tensors at once`, 'take them two by two')
  for (const term of [...terms, output])
    if (new Set(term).size !== term.length)
      throw fail(`a letter occurs twice in "${term}"`, 'diagonals are not taken')
  terms.forEach((term, i) => {
    if (term.length !== tensors[i]!.ndim)
      throw fail(`"${term}" has not the axes of its tensor`, 'one letter per axis')
  })
  const missing = [...output].find(letter => !inputs.includes(letter))
  if (missing !== undefined)
    throw fail(`"${missing}" is in no term`, 'every letter of the result stands in a term')
  const labels = (term: string) => [...term].map(letter => letter.charCodeAt(0))
  const [x, y] = tensors
  if (y === undefined) return onlySums(x!, terms[0]!, output)
  return contract(x!, y, { left: labels(terms[0]!), right: labels(terms[1]!), out: labels(output) }, 'einsum')
}

const singles = (inputs: string) =>
  [...inputs.replaceAll(',', '')]
    .filter((letter, _, all) => all.filter(l => l === letter).length === 1)
    .sort()
    .join('')

function onlySums(x: Variable, term: string, output: string): Variable {
  const summed = [...term].flatMap((letter, axis) => (output.includes(letter) ? [] : [axis]))
  const rest = [...term].filter(letter => output.includes(letter))
  const kept: Variable = summed.length === 0 ? x : sum(x, summed)
  return transpose(
    kept,
    [...output].map(letter => rest.indexOf(letter)),
  )
}
