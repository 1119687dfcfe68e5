/**
 * What the type-checker says of tensors. Compiled by `npm run check`, never run.
 */
import {
  add,
  argmax,
  array,
  concatenate,
  constant,
  type DTypeOf,
  div,
  dot,
  exp,
  eye,
  full,
  grad,
  gradClip,
  hessian,
  hvp,
  jacobian,
  matmul,
  matrix,
  mean,
  Rop,
  row,
  type Shared,
  scalar,
  shared,
  softmax,
  stack,
  sum,
  type Tensor,
  take,
  tensor,
  tensor3,
  type Variable,
  vector,
  where,
  zeros,
} from '../src/index.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** The value's type is D and R, no more and no less. */
const is =
  <E>() =>
  <A>(_value: A, ..._proof: Equal<A, E> extends true ? [] : [never]) => {}

const x = matrix('x')
const v = vector('v')
const i = vector('i', 'int32')
const d = matrix('d', 'float64')
const flag = vector('flag', { dtype: 'bool' })
const anything = x as Variable

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
is<Tensor<'float32', number>>()(x.sum([0, 1]))
is<Tensor<'int32', 0>>()(sum(flag))
is<Tensor<'int32', 1>>()(argmax(x, 1))
is<Tensor<'float32', 0>>()(mean(i))
is<Tensor<'float32', 0>>()(i.mean())
is<Tensor<'float32', 2>>()(softmax(x))

// Shapes and indices.
is<Tensor<'float32', 3>>()(x.reshape([2, -1, 3]))
is<Tensor<'float32', 1>>()(x.flatten())
is<Tensor<'float32', 1>>()(x.at(0))
is<Tensor<'float32', 1>>()(x.at(i.at(0)))
is<Tensor<'float32', 2>>()(take(x, i))
is<Tensor<'float32', 3>>()(x.dimshuffle(0, 'x', 1))
is<Tensor<'float32', 2>>()(v.expandDims(0))
is<Tensor<'float32', 2>>()(zeros([2, 3]))
is<Tensor<'int32', 2>>()(full([2, x.shape[0]!], 1, 'int32'))
is<Tensor<'float64', 2>>()(eye(3, 3, 0, 'float64'))
is<Tensor<'float32', 3>>()(stack([x, x]))

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

export default [wide, wrongRank, wrongDType, unknownRank, concatenate([x, d]), array([1])]
