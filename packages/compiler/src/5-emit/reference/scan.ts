/** Scan: the body once per step, in the order and with the rows that `scan/op.ts` of the graph package tells. */

import { type Apply, evaluateDim, type Lambda, type ScanParams } from '@arignote/graph'
import { allocate } from '@arignote/loops'
import { numberedBy } from '../../visits.js'
import { Failure } from './failure.js'
import { type Course, countOf, type Evaluator, type Sizes, shapeUnder, type Value } from './value.js'

/** How the body is made ready; given from outside, since it is the evaluator of graphs that meets scans. */
export type PrepareLambda = (fn: Lambda, sizes: Sizes, course: Course) => Evaluator

export function prepareScan(
  node: Apply,
  sizes: Sizes,
  course: Course,
  prepareLambda: PrepareLambda,
): Evaluator {
  const { length: dim, reverse, until, body, counts, name, numbering } = node.params as ScanParams
  const length = evaluateDim(dim, sizes)
  const how = { scan: name ?? 'scan', numbering: numberedBy(numbering, dim => evaluateDim(dim, sizes)) }
  const step = prepareLambda(body, sizes, course)
  const stacks = node.outputs
    .slice(counts.carries)
    .map(v => ({ dtype: v.dtype, shape: shapeUnder(v.type, sizes) }))
  return inputs => {
    const constants = inputs.slice(0, counts.constants)
    const initial = inputs.slice(counts.constants, counts.constants + counts.carries)
    const sequences = inputs.slice(counts.constants + counts.carries)
    const stacked = stacks.map(({ dtype, shape }) => ({
      dtype,
      shape,
      data: allocate(dtype, countOf(shape)),
    }))
    const trajectories = stacked.slice(0, counts.carries)
    const ys = stacked.slice(counts.carries)
    let carries = initial
    for (const [i, all] of trajectories.entries()) setRow(all, reverse ? length : 0, carries[i]!)
    for (let visited = 0; visited < length; visited++) {
      const t = reverse ? length - 1 - visited : visited
      const results = inStep(visited, () =>
        step([...constants, ...carries, ...sequences.map(x => row(x, t))]),
      )
      carries = results.slice(0, counts.carries)
      for (const [i, all] of trajectories.entries()) setRow(all, reverse ? t : t + 1, carries[i]!)
      for (const [i, all] of ys.entries()) setRow(all, t, results[counts.carries + i]!)
      if (until && results.at(-1)!.data[0] !== 0) break
    }
    return [...carries.map(copyOf), ...stacked]
  }

  function inStep<T>(visited: number, work: () => T): T {
    course.passed.push({ ...how, trip: visited })
    try {
      return work()
    } catch (error) {
      if (error instanceof Failure) error.passed.unshift({ ...how, trip: visited })
      throw error
    } finally {
      course.passed.pop()
    }
  }
}

function row(x: Value, t: number): Value {
  const shape = x.shape.slice(1)
  const count = countOf(shape)
  return { dtype: x.dtype, shape, data: x.data.subarray(t * count, (t + 1) * count) }
}

function setRow(all: Value, t: number, value: Value): void {
  all.data.set(value.data, t * value.data.length)
}

const copyOf = (x: Value): Value => ({ ...x, data: x.data.slice() })
