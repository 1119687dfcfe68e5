/** Layers that only give the same numbers another shape – and the one that marks steps as missing. */
import { any, broadcastTo, cast, expandDims, mul, neq, reshape as reshaped, transpose } from '@arignote/graph'
import { wrongInput } from './errors.js'
import { keepsDType, keepsShape, oneInput, product, unmaskedInput } from './inputs.js'
import { layerKind, type Shape } from './kind.js'
import { integer, number, optional, sizes } from './option.js'

/** Rows of all elements of a sample, in C order. */
export const flatten = layerKind({
  ...keepsDType,
  className: 'Flatten',
  options: {},
  outputShapes: (_, inputs) => {
    const [batch, ...rest] = oneInput(
      'flatten',
      inputs,
      'it takes one input, with a batch',
      x => x.length > 0,
    )
    return [[batch!, product(rest)]]
  },
  build: (_, [input]) => ({
    weights: [],
    call: ([x]) => {
      const tensor = unmaskedInput('flatten', x!)
      const size = product(input!.slice(1))
      const batch = tensor.shape[0]!
      return [{ tensor: reshaped(tensor, size === null ? [batch, -1] : [-1, size]), mask: null }]
    },
  }),
})

/** Each sample as another shape; one size may be -1. */
export const reshape = layerKind({
  ...keepsDType,
  className: 'Reshape',
  options: { targetShape: sizes },
  outputShapes: ({ targetShape }, inputs) => {
    const [batch, ...rest] = oneInput('reshape', inputs)
    return [[batch ?? null, ...settled(rest, targetShape, inputs)]]
  },
  build: ({ targetShape }, [input]) => {
    const shape = settled(input!.slice(1), targetShape, [input!])
    return {
      weights: [],
      call: ([x]) => {
        const tensor = unmaskedInput('reshape', x!)
        return [{ tensor: reshaped(tensor, [tensor.shape[0]!, ...shape.map(n => n ?? -1)]), mask: null }]
      },
    }
  },
})

/** The target with its open size, where the input tells it. */
function settled(from: Shape, target: Shape, inputs: readonly Shape[]): Shape {
  const all = product(from)
  const known = product(target.filter(n => n !== -1 && n !== null))!
  const open = target.filter(n => n === -1 || n === null).length
  const divides = all === null || (open === 0 ? all === known : known > 0 && all % known === 0)
  if (open > 1 || !divides)
    throw wrongInput('reshape', `a sample must have the elements of (${target.join(', ')})`, inputs)
  return target.map(n => (n === -1 || n === null ? (all === null ? null : all / known) : n))
}

/** The axes of a sample in another order; counted from 1. */
export const permute = layerKind({
  ...keepsDType,
  className: 'Permute',
  options: { dims: sizes },
  outputShapes: ({ dims }, inputs) => {
    const input = oneInput(
      'permute',
      inputs,
      `dims (${dims.join(', ')}) must name each axis of a sample once, from 1 on`,
      shape =>
        [...dims].sort().join() ===
        shape
          .slice(1)
          .map((_, i) => i + 1)
          .join(),
    )
    return [[input[0]!, ...dims.map(axis => input[axis!]!)]]
  },
  build: ({ dims }) => ({
    weights: [],
    call: ([x]) => [
      { tensor: transpose(unmaskedInput('permute', x!), [0, ...dims.map(n => n!)]), mask: null },
    ],
  }),
})

/** (batch, features) → (batch, n, features). */
export const repeatVector = layerKind({
  ...keepsDType,
  className: 'RepeatVector',
  options: { n: integer(1) },
  outputShapes: ({ n }, inputs) => {
    const [batch, features] = oneInput(
      'repeatVector',
      inputs,
      'it takes one input, (batch, features)',
      x => x.length === 2,
    )
    return [[batch!, n, features!]]
  },
  build: ({ n }) => ({
    weights: [],
    call: ([x]) => {
      const tensor = unmaskedInput('repeatVector', x!)
      const [batch, features] = tensor.shape
      return [{ tensor: broadcastTo(expandDims(tensor, 1), [batch!, n, features!]), mask: null }]
    },
  }),
})

/** Steps of which every feature is maskValue are skipped by the layers behind; here they become zeros. */
export const masking = layerKind({
  className: 'Masking',
  options: { maskValue: optional(number(), 0) },
  ...keepsShape('masking'),
  build: ({ maskValue }) => ({
    weights: [],
    call: ([x]) => {
      const { tensor } = x!
      const mask = any(neq(tensor, maskValue), -1)
      return [{ tensor: mul(tensor, cast(expandDims(mask, -1), tensor.dtype)), mask }]
    },
  }),
})
