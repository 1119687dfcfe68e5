/**
 * Gradients held against central differences, in float64.
 *
 * The output is multiplied by a random tensor and summed, so one scalar cost sees all of it; each element of each input
 * is then moved a little both ways.
 */
import {
  badArgument,
  cast,
  checkList,
  checkOptions,
  constant,
  convert,
  describeGiven,
  dtypeOfValue,
  freeVariables,
  grad,
  mul,
  ndarrayOf,
  rand,
  Shared,
  sum,
  type Tensor,
  tensorType,
  type Value,
  Variable,
} from '@arignote/graph'
import { isFloat, type TypedArray } from '@arignote/loops'
import { type CompileOptions, compile } from './compile.js'
import { gradientDiffers } from './errors.js'

export interface VerifyGradOptions extends Pick<CompileOptions, 'backend' | 'optimize'> {
  /** How far apart the two may be, relative to the greater (or to 1); default 1e-6. */
  readonly tolerance?: number
  /** How far an element is moved, relative to its size (or to 1); default 6e-6. */
  readonly step?: number
  /** Of the random weights of the output's elements; default 1. */
  readonly seed?: number
  /** How many elements of one input are tried, spread evenly; default 100. */
  readonly elements?: number
}

/**
 * Checks the gradient of `fn` at the given points. Points of an integer dtype are passed on and not differentiated.
 * Random draws are the same in all calls, and their streams stay where they are.
 *
 * @example verifyGrad((x, w) => tanh(dot(x, w)), [randn([2, 3]), randn([3, 4])])
 * @throws NumericError naming the input, the index and both numbers, where they differ
 */
export function verifyGrad(
  fn: (...inputs: Tensor<'float64', number>[]) => Variable,
  points: readonly Value[],
  options: VerifyGradOptions = {},
): void {
  if (typeof fn !== 'function')
    throw badArgument(
      'verifyGrad',
      `${describeGiven(fn).what} is not a function`,
      'it comes first, then the points',
    )
  checkList('verifyGrad', 'the points', points)
  checkOptions('verifyGrad', options, ['tolerance', 'step', 'seed', 'elements', 'backend', 'optimize'])
  const { tolerance = 1e-6, step = 6e-6, seed = 1, elements = 100, ...mode } = options
  const values = points.map(point => {
    const own = dtypeOfValue(point)
    return convert(point, own === null || isFloat(own) ? 'float64' : own, 'verifyGrad')
  })
  const inputs = values.map(
    ({ dtype, shape }, i) => new Variable(tensorType(dtype, shape), null, 0, `input ${i}`),
  )
  const output = cast(fn(...(inputs as Tensor<'float64', number>[])), 'float64')
  const ready = { ...mode, onUnusedInput: 'ignore', updates: held(output) } as const
  const arrays = values.map(({ data }) => data)
  const asArguments = (data: readonly TypedArray[]) => data.map((x, i) => ndarrayOf(x, values[i]!.shape))

  const { shape } = compile(inputs, output, ready)(...asArguments(arrays))
  const weights = constant(rand(shape, { seed, low: 0.5, high: 1.5, dtype: 'float64' }), 'float64')
  const cost = sum(mul(output, weights))
  const wanted = inputs.filter(v => isFloat(v.dtype))
  const gradients = compile(
    inputs,
    grad(cost, wanted, { disconnectedInputs: 'ignore' }),
    ready,
  )(...asArguments(arrays))
  const costAt = compile(inputs, cost, ready)

  wanted.forEach((v, k) => {
    const input = inputs.indexOf(v)
    const { data, shape } = values[input]!
    const stride = Math.max(1, Math.floor(data.length / elements))
    for (let at = 0; at < data.length; at += stride) {
      const x = data[at]!
      const h = step * Math.max(1, Math.abs(x))
      const costWith = (value: number) => {
        const moved = arrays.map((array, i) => (i === input ? array.with(at, value) : array))
        return costAt(...asArguments(moved)).data[0]!
      }
      const differences = (costWith(x + h) - costWith(x - h)) / (x + h - (x - h))
      const graph = gradients[k]!.data[at]!
      const allowed = tolerance * Math.max(1, Math.abs(graph), Math.abs(differences))
      if (!(Math.abs(graph - differences) <= allowed)) {
        throw gradientDiffers(input, indexOf(at, shape), { graph, differences }, tolerance)
      }
    }
  })
}

/** Random draws must be the same in every call. */
const held = (output: Variable) =>
  freeVariables([output]).flatMap(v =>
    v instanceof Shared && v.defaultUpdate !== null ? [[v, v] as const] : [],
  )

function indexOf(position: number, shape: readonly number[]): number[] {
  const index: number[] = []
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(position % shape[axis]!)
    position = Math.floor(position / shape[axis]!)
  }
  return index
}
