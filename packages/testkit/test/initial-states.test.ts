/** The initial value of a state may be read by others too: the steps do not write over what those read. */
import {
  concatenate,
  expandDims,
  mul,
  scan,
  slice,
  stack,
  sum,
  tanh,
  type Variable,
  vector,
} from '@arignote/graph'
import { describe, test } from '@jest/globals'
import { agree } from '../src/agree.js'

const x = vector('x', 'float64')
const start = tanh(x)
const doubled = (h: Variable, steps = 3) =>
  scan(({ h }) => ({ h: mul(h, 2) }), { state: { h }, steps }).h.last

describe('an initial value that is computed', () => {
  test.each<[string, () => readonly Variable[]]>([
    ['and read after the scan', () => [doubled(start), sum(mul(doubled(start), start))]],
    ['and is a result', () => [doubled(start), start]],
    ['and viewed', () => [doubled(start), mul(doubled(start), slice(start, { step: -1 }))]],
    ['and begins two scans', () => [doubled(start), doubled(start, 2)]],
    [
      'and a constant of the loop',
      () => [scan(({ h }) => ({ h: mul(h, start) }), { state: { h: start }, steps: 3 }).h.last],
    ],
    [
      'and begins two states, and is a constant of the loop',
      () => {
        const { h, g } = scan(({ h, g }) => ({ h: mul(h, start), g: g.add(h) }), {
          state: { h: start, g: start },
          steps: 3,
        })
        return [h.last, g.last]
      },
    ],
    [
      'of parts that others read',
      () => [doubled(concatenate([start, expandDims(sum(start), 0)])), mul(start, sum(start))],
    ],
    [
      'in a step of an outer scan',
      () => [
        scan(
          ({ x }) => {
            const inner = tanh(x)
            return { y: mul(doubled(inner), inner) }
          },
          { sequences: { x: stack([x, x.mul(2)]) } },
        ).y.all,
      ],
    ],
  ])('%s', (_, results) => {
    agree([x], results(), [[0.3, -0.7]])
  })
})
