/** Layers of several inputs. Steps count where they count in all of them. */
import {
  add,
  and,
  badArgument,
  concatenate,
  describeGiven,
  div,
  einsum,
  expandDims,
  maximum,
  minimum,
  mul,
  ones,
  rsqrt,
  square,
  sub,
  type Variable,
} from '@arignote/graph'
import { wrongInput } from './errors.js'
import { type Flow, type LayerKind, layerKind, type Shape } from './kind.js'
import { flag, integer, type Option, optional } from './option.js'

/** One axis for both inputs, or one of each. */
const pairOfAxes: Option<number | readonly [number, number], readonly [number, number]> = {
  read: (given, place) => {
    const pair = typeof given === 'number' ? [given, given] : given
    if (
      !Array.isArray(pair) ||
      pair.length !== 2 ||
      !pair.every(axis => Number.isInteger(axis) && axis !== 0)
    )
      throw badArgument(
        place,
        `${describeGiven(given).what} will not do`,
        'an axis, or one of each input; not the batch',
      )
    return pair as unknown as readonly [number, number]
  },
  toJson: axes => axes,
}

function commonMask(flows: readonly Flow[]): Variable | null {
  const masks = flows.map(flow => flow.mask).filter(mask => mask !== null)
  return masks.length === 0 ? null : masks.reduce((a, b): Variable => and(a, b))
}

function broadcast(layer: string, inputs: readonly Shape[]): Shape {
  const longest = Math.max(...inputs.map(x => x.length))
  return Array.from({ length: longest }, (_, axis) => {
    const sizes = inputs.flatMap(x =>
      x.slice(axis + x.length - longest).slice(0, axis + x.length < longest ? 0 : 1),
    )
    const known = [...new Set(sizes.filter(n => n !== null && n !== 1))]
    if (known.length > 1) throw wrongInput(layer, 'its inputs must have equal sizes, or 1', inputs)
    return known[0] ?? (sizes.includes(null) ? null : 1)
  })
}

/** Element by element. */
function elementwise(
  className: string,
  layer: string,
  combine: (tensors: readonly Variable[]) => Variable,
  arity: number | null = null,
): LayerKind<Record<never, never>> {
  return {
    className,
    options: {},
    outputShapes: (_, inputs) => {
      if (inputs.length < 2 || (arity !== null && inputs.length !== arity))
        throw wrongInput(layer, `it takes ${arity ?? 'at least 2'} inputs`, inputs)
      return [broadcast(layer, inputs)]
    },
    build: () => ({
      weights: [],
      call: flows => [{ tensor: combine(flows.map(flow => flow.tensor)), mask: commonMask(flows) }],
    }),
  }
}

const folded = (combine: (a: Variable, b: Variable) => Variable) => (list: readonly Variable[]) =>
  list.reduce((a, b) => combine(a, b))

export const addLayer = elementwise('Add', 'add', folded(add))
export const subtract = elementwise('Subtract', 'subtract', folded(sub), 2)
export const multiply = elementwise('Multiply', 'multiply', folded(mul))
export const maximumLayer = elementwise('Maximum', 'maximum', folded(maximum))
export const minimumLayer = elementwise('Minimum', 'minimum', folded(minimum))
export const average = elementwise('Average', 'average', list => div(folded(add)(list), list.length))

/** Side by side along an axis. */
export const concatenateLayer = layerKind({
  className: 'Concatenate',
  options: { axis: optional(integer(-8), -1) },
  outputShapes: ({ axis }, inputs) => {
    const [first] = inputs
    const at = axis < 0 ? axis + (first?.length ?? 0) : axis
    const fits = (x: Shape) =>
      x.length === first!.length &&
      x.every((n, i) => i === at || n === null || first![i] === null || n === first![i])
    if (inputs.length < 2 || !(at > 0 && at < first!.length) || !inputs.every(fits))
      throw wrongInput(
        'concatenate',
        `it takes at least 2 inputs that differ only along axis ${axis}`,
        inputs,
      )
    const sizes = inputs.map(x => x[at]!)
    const sum = sizes.reduce<number | null>((a, b) => (a === null || b === null ? null : a + b), 0)
    return [first!.map((n, i) => (i === at ? sum : (n ?? inputs.find(x => x[i] !== null)?.[i] ?? null)))]
  },
  build: ({ axis }) => ({
    weights: [],
    call: flows => {
      const tensors = flows.map(flow => flow.tensor)
      const alongTime = axis === 1 && tensors[0]!.ndim > 2
      return [
        { tensor: concatenate(tensors, axis), mask: alongTime ? masksInTurn(flows) : commonMask(flows) },
      ]
    },
  }),
})

/** The steps of one input after those of the other. */
function masksInTurn(flows: readonly Flow[]): Variable | null {
  if (flows.every(flow => flow.mask === null)) return null
  return concatenate(
    flows.map(({ tensor, mask }) => mask ?? ones([tensor.shape[0]!, tensor.shape[1]!], 'bool')),
    1,
  )
}

/** What batch_dot does in Keras: sums over one axis of each sample; with `normalize`, cosines. */
export const dotLayer = layerKind({
  className: 'Dot',
  options: { axes: pairOfAxes, normalize: flag(false) },
  outputShapes: ({ axes }, inputs) => {
    const [x, y] = inputs
    if (inputs.length !== 2 || x!.at(axes[0]) === undefined || x!.at(axes[0]) !== y!.at(axes[1]))
      throw wrongInput('dot', `it takes 2 inputs of equal sizes along the axes (${axes.join(', ')})`, inputs)
    const left = (shape: Shape, axis: number) =>
      shape.filter((_, i) => i !== 0 && i !== axisFrom(axis, shape))
    const rest = [...left(x!, axes[0]), ...left(y!, axes[1])]
    return [[x![0]!, ...(rest.length === 0 ? [1] : rest)]]
  },
  build: ({ axes, normalize }) => ({
    weights: [],
    call: flows => {
      const [x, y] = flows.map(({ tensor }, i) => (normalize ? unitLength(tensor, axes[i]!) : tensor))
      const names = [x!, y!].map((v, i) => lettersOf(v.ndim, axisFrom(axes[i]!, v.shape), i))
      const rest = names.map(name => name.replace(/[bk]/g, '')).join('')
      const sum = einsum(`${names.join()}->b${rest}`, x!, y!)
      return [{ tensor: rest === '' ? expandDims(sum, 1) : sum, mask: null }]
    },
  }),
})

const axisFrom = (axis: number, shape: { readonly length: number }) => (axis < 0 ? axis + shape.length : axis)

/** `b` for the batch, `k` for the axis that is summed over, others of their own. */
function lettersOf(ndim: number, axis: number, which: number): string {
  const own = which === 0 ? 'cdefgh' : 'pqrstu'
  return Array.from({ length: ndim }, (_, i) => (i === 0 ? 'b' : i === axis ? 'k' : own[i])).join('')
}

const smallest = 1e-7

function unitLength(x: Variable, axis: number): Variable {
  return mul(x, rsqrt(maximum(square(x).sum(axis, { keepdims: true }), smallest)))
}
