/** Layouts of recurrent weights and kernels that files of other times have  →  the present one: gates side by side. */
import { allocate } from '@arignote/loops'
import type { Tensor } from '@arignote/save/files'

/** Side by side along the last axis. */
function beside(parts: readonly Tensor[]): Tensor {
  const [{ dtype, shape }] = parts as readonly [Tensor]
  const widths = parts.map(part => part.shape.at(-1)!)
  const width = widths.reduce((a, b) => a + b, 0)
  const rows = shape.length === 1 ? 1 : shape[0]!
  const data = allocate(dtype, rows * width)
  let from = 0
  parts.forEach((part, p) => {
    for (let row = 0; row < rows; row++)
      for (let k = 0; k < widths[p]!; k++) data[row * width + from + k] = part.data[row * widths[p]! + k]!
    from += widths[p]!
  })
  return { dtype, shape: [...shape.slice(0, -1), width], data }
}

/** Where Keras 1.x has each gate, in the order in which they lie side by side: it stored i, c, f, o, and z, r, h. */
const gateOrder = { LSTM: [0, 2, 1, 3], GRU: [0, 1, 2] } as const

/** W, U, b of each gate → kernel, recurrent kernel, bias. */
export function fusedGates(className: 'LSTM' | 'GRU', arrays: readonly Tensor[]): readonly Tensor[] {
  return [0, 1, 2].map(kind => beside(gateOrder[className].map(gate => arrays[3 * gate + kind]!)))
}

/** The parts of a matrix that lie side by side, each with its elements at other places. */
function eachGate(
  { dtype, shape, data }: Tensor,
  units: number,
  from: (row: number, column: number, rows: number) => readonly [row: number, column: number],
): Tensor {
  const [rows, columns] = shape as readonly [number, number]
  const moved = allocate(dtype, data.length)
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const gate = Math.floor(j / units) * units
      const [row, column] = from(i, j - gate, rows)
      moved[i * columns + j] = data[row * columns + gate + column]!
    }
  return { dtype, shape, data: moved }
}

/**
 * What layers for cuDNN had: kernels that are the transposes read by columns, recurrent kernels transposed gate by gate,
 * and two biases, which an LSTM adds.
 */
export function fromCudnn(
  className: 'LSTM' | 'GRU',
  units: number,
  [kernel, recurrent, bias]: readonly Tensor[],
): readonly Tensor[] {
  const turned = eachGate(kernel!, units, (i, j, rows) => {
    const place = i + rows * j
    return [Math.floor(place / units), place % units]
  })
  const transposed = eachGate(recurrent!, units, (i, j) => [j, i])
  const { dtype, data } = bias!
  const half = data.length / 2
  if (className === 'GRU') return [turned, transposed, { dtype, shape: [2, half], data }]
  const sum = allocate(dtype, half)
  for (let i = 0; i < half; i++) sum[i] = data[i]! + data[half + i]!
  return [turned, transposed, { dtype, shape: [half], data: sum }]
}

/** Without an axis of size 1. */
export const withoutAxis = ({ dtype, shape, data }: Tensor, axis: number): Tensor => ({
  dtype,
  shape: shape.filter((_, i) => i !== axis),
  data,
})

/** (filters, inputs, steps) as (steps, inputs, filters). */
export function stepsFirst({ dtype, shape, data }: Tensor): Tensor {
  const [filters, inputs, steps] = shape as readonly [number, number, number]
  const moved = allocate(dtype, data.length)
  for (let f = 0; f < filters; f++)
    for (let i = 0; i < inputs; i++)
      for (let t = 0; t < steps; t++)
        moved[(t * inputs + i) * filters + f] = data[(f * inputs + i) * steps + t]!
  return { dtype, shape: [steps, inputs, filters], data: moved }
}

/** The first axis from its end. */
export function reversedRows({ dtype, shape, data }: Tensor): Tensor {
  const size = data.length / shape[0]!
  const moved = allocate(dtype, data.length)
  for (let row = 0; row < shape[0]!; row++)
    moved.set(data.subarray(row * size, (row + 1) * size), (shape[0]! - 1 - row) * size)
  return { dtype, shape, data: moved }
}
