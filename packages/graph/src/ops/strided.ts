/**
 * Where views lie in memory: strides of the result from strides of the input. A view that has them needs no copy.
 */
import { addDim, type Dim, equalDim, mulDim } from '../dim.js'
import type { StridedContext } from '../op.js'
import { matchAxes } from './view-index.js'

type Strides = readonly Dim[]
export interface Strided {
  readonly offset: Dim
  readonly strides: Strides
}

const unmoved = (strides: Strides): Strided => ({ offset: 0, strides })

/** Axes that a reshape splits or merges must follow one another without gaps. */
export function stridedReshape(
  strides: Strides,
  { inputs, output }: StridedContext<unknown>,
): Strided | null {
  const { shape: from } = inputs[0]!
  const { shape: to } = output
  const result: Dim[] = to.map(() => 0)
  for (const { from: outAxes, to: inAxes } of matchAxes(to, from)) {
    const last = inAxes.at(-1)
    if (last === undefined) continue
    for (let i = 1; i < inAxes.length; i++) {
      const [outer, inner] = [inAxes[i - 1]!, inAxes[i]!]
      if (!equalDim(strides[outer]!, mulDim(strides[inner]!, from[inner]!))) return null
    }
    let stride = strides[last]!
    for (const axis of [...outAxes].reverse()) {
      result[axis] = stride
      stride = mulDim(stride, to[axis]!)
    }
  }
  return unmoved(result)
}

export function stridedTranspose(
  strides: Strides,
  { params }: StridedContext<{ readonly axes: readonly number[] }>,
): Strided {
  return unmoved(params.axes.map(axis => strides[axis]!))
}

export function stridedExpand(strides: Strides, { inputs }: StridedContext<unknown>): Strided {
  return unmoved(strides.map((stride, axis) => (inputs[0]!.shape[axis] === 1 ? 0 : stride)))
}

export function stridedExpandDims(
  strides: Strides,
  context: StridedContext<{ readonly axes: readonly number[] }>,
): Strided {
  const rest = [...strides]
  return unmoved(
    context.output.shape.map((_, axis) => (context.params.axes.includes(axis) ? 0 : rest.shift()!)),
  )
}

export function stridedSqueeze(
  strides: Strides,
  { params }: StridedContext<{ readonly axes: readonly number[] }>,
): Strided {
  return unmoved(strides.filter((_, axis) => !params.axes.includes(axis)))
}

export function stridedSlice(
  strides: Strides,
  { params }: StridedContext<{ readonly starts: readonly Dim[]; readonly steps: readonly number[] }>,
): Strided {
  return {
    offset: strides.reduce<Dim>(
      (offset, stride, axis) => addDim(offset, mulDim(params.starts[axis]!, stride)),
      0,
    ),
    strides: strides.map((stride, axis) => mulDim(stride, params.steps[axis]!)),
  }
}
