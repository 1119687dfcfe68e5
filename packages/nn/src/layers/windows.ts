/**
 * Windows along time, as pooling and convolution look through them: (batch, time, features) → for each place within the
 * window, that place of every window, (batch, windows, features).
 */
import { dim, pad, slice, type Variable } from '@arignote/graph'
import { wrongInput } from './errors.js'
import type { Shape } from './kind.js'

/** 'valid': only whole windows. 'same': as many as steps / stride, as TensorFlow pads. 'causal': none looks ahead. */
export type Padding = 'valid' | 'same' | 'causal'

export interface Windows {
  readonly size: number
  readonly stride: number
  readonly padding: Padding
  /** Steps from one place to the next within a window. */
  readonly dilation?: number
}

const extentOf = ({ size, dilation = 1 }: Windows) => (size - 1) * dilation + 1

/** How many windows there are. @throws ShapeError where there is none */
export function windowCount(layer: string, inputs: readonly Shape[], windows: Windows): number | null {
  const time = inputs[0]![1]!
  if (time === null) {
    if (windows.padding === 'same' && windows.stride > 1)
      throw wrongInput(layer, "padding 'same' with strides needs a known number of steps", inputs)
    return null
  }
  const [before, after] = paddingAround(time, windows)
  const count = Math.floor((time + before + after - extentOf(windows)) / windows.stride) + 1
  if (count < 1) throw wrongInput(layer, `it looks at ${extentOf(windows)} steps at a time`, inputs)
  return count
}

function paddingAround(time: number | null, windows: Windows): readonly [before: number, after: number] {
  const { stride, padding } = windows
  const extent = extentOf(windows)
  if (padding === 'valid') return [0, 0]
  if (padding === 'causal') return [extent - 1, 0]
  const count = time === null ? null : Math.ceil(time / stride)
  const total = count === null ? extent - 1 : Math.max((count - 1) * stride + extent - time!, 0)
  return [Math.floor(total / 2), Math.ceil(total / 2)]
}

/** Place 0 of every window, place 1 of every window, …; `value` stands where there are no steps. */
export function placesOf(x: Variable, windows: Windows, value = 0): readonly Variable[] {
  const { size, stride, dilation = 1 } = windows
  const time = typeof x.shape[1] === 'number' ? x.shape[1] : null
  const [before, after] = paddingAround(time, windows)
  const padded = before + after === 0 ? x : pad(x, [0, [before, after], 0], { value })
  const steps = dim(padded, 1)
  return Array.from({ length: size }, (_, place) => {
    const start = place * dilation
    return slice(padded, null, { start, stop: steps.sub(extentOf(windows) - 1 - start), step: stride })
  })
}
