/**
 * `unroll`: the step written out, several times per trip of a shorter loop, or without a loop.
 */
import { zeros } from '../ops/source.js'
import { expandDims } from '../ops/view.js'
import { concatenate } from '../ops/window.js'
import { substitute } from '../traverse.js'
import type { Variable } from '../variable.js'
import { inBlocks, type Loop, type Stacked } from './blocks.js'
import { unrollNotANumber, unrollUntil } from './errors.js'
import { row } from './rows.js'

/** The results of the loop, computed with `factor` steps per trip. */
export function runUnrolled(loop: Loop, factor: number | true): Stacked {
  if (loop.until) throw unrollUntil()
  if (factor === true) return writtenOut(loop)
  if (!Number.isInteger(factor) || factor < 1) throw unrollNotANumber(factor)
  return inBlocks(loop, factor, writtenOut, loop.remat === undefined ? {} : { remat: loop.remat })
}

function writtenOut(loop: Loop): Stacked {
  if (typeof loop.length !== 'number') throw unrollNotANumber(true)
  const { finals, results } = steps(loop, loop.length)
  const stacks = loop.body.results.map((v, i) =>
    stack(
      results.map(list => list[i]!),
      v,
    ),
  )
  return { finals, stacks }
}

/** `count` steps, one after the other; the results in sequence order. */
function steps({ slots, body, reverse }: Loop, count: number) {
  let { carries } = slots
  const results: (readonly Variable[])[] = []
  for (let visited = 0; visited < count; visited++) {
    const t = reverse ? count - 1 - visited : visited
    const values = [...slots.constants, ...carries, ...slots.sequences.map(x => row(x, t))]
    results[t] = substitute(body.results, new Map(body.params.map((v, i) => [v, values[i]!])))
    carries = results[t]!.slice(0, carries.length)
  }
  return { finals: carries, results }
}

function stack(values: readonly Variable[], like: Variable): Variable {
  if (values.length === 0) return zeros([0, ...like.shape], like.dtype)
  return concatenate(
    values.map(v => expandDims(v, 0)),
    0,
  )
}
