/** What layers take: checks that many kinds share, and masks. */
import type { DType } from '@arignote/loops'
import { maskRefused, wrongInput } from './errors.js'
import type { Flow, Shape } from './kind.js'

/** The one input of a layer that takes one. @throws ShapeError */
export function oneInput(
  layer: string,
  inputs: readonly Shape[],
  rule?: string,
  fits?: (x: Shape) => boolean,
): Shape {
  const [input] = inputs
  if (input === undefined || inputs.length > 1 || fits?.(input) === false)
    throw wrongInput(layer, rule ?? 'it takes one input', inputs)
  return input
}

/** (batch, time, features). */
export function sequenceInput(layer: string, inputs: readonly Shape[]): Shape {
  return oneInput(
    layer,
    inputs,
    'it takes one input of three axes, (batch, time, features)',
    x => x.length === 3,
  )
}

/** The output has the shape of the input. */
export const keepsShape = (layer: string) => ({
  outputShapes: (_: unknown, inputs: readonly Shape[]): readonly Shape[] => [oneInput(layer, inputs)],
})

/** The output has the dtype of the input. */
export const keepsDType = {
  outputDType: (_: unknown, [first]: readonly DType[]): DType => first!,
}

/** For layers that would lose which step is which. @throws GraphError where there is a mask */
export function unmaskedInput(layer: string, { tensor, mask }: Flow) {
  if (mask !== null) throw maskRefused(layer)
  return tensor
}

/** The product of sizes; null where one is not known. */
export function product(sizes: Shape): number | null {
  return sizes.reduce((a, b) => (a === null || b === null ? null : a * b), 1)
}
