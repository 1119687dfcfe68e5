/** A way to see gradients at every step of time. */
import { add, badArgument, describeGiven, type Tensor } from '@arignote/graph'
import type { FloatType } from '../dtype.js'
import type { RecurrentCell } from './cell.js'
import { checkIsCell } from './check-cell.js'

/**
 * The same cell, but that its input has, after its own numbers, as many as one of its states; they are added to this state
 * before each step. With zeros there, (batch, time, size), it computes what the cell does, and the gradient by those zeros
 * is that by the state before each step: how far back a loss is felt (Bengio, Simard and Frasconi 1994).
 *
 *     const probe = zeros([1, 100, cell.units])
 *     const { output } = recur(probed(cell), concatenate([x, probe], 2))
 *     const felt = grad(output.sum(), probe)
 *
 * @param index which state; the first one by default
 */
export function probed<D extends FloatType>(cell: RecurrentCell<D>, index = 0): RecurrentCell<D> {
  checkIsCell('probed', 'the first argument', cell)
  const size = cell.stateSizes[index]
  if (size === undefined)
    throw badArgument(
      'probed',
      `state ${describeGiven(index).what} of ${cell.stateSizes.length}`,
      'an index, counted from 0',
    )
  const { inputSize } = cell
  return {
    ...cell,
    inputSize: inputSize + size,
    masks: 0,
    step: (x, states, context) => {
      const probe = x.slice(null, { start: inputSize })
      const moved = states.map((state, i) => (i === index ? add(state, probe) : state))
      return cell.step(x.slice(null, { stop: inputSize }) as Tensor<D, 2>, moved as Tensor<D, 2>[], context)
    },
  }
}
