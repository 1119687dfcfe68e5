/**
 * Gathers from one place that is known: nothing need be indexed, or checked.
 */
import {
  anything,
  type GatherParams,
  literalOf,
  of,
  provablyAtLeast,
  type Rule,
  rule,
  take,
  type Variable,
} from '@arignote/graph'
import { buildAxes } from '../axes.js'
import { view } from '../build.js'

const [x, i] = [anything('x'), anything('i')]

/** One slice, repeated over the axes of the indices. */
function takeOfOne(x: Variable, i: Variable, root: Variable): Variable | null {
  const { axis } = root.owner!.params as GatherParams
  const at = literalOf(i)
  if (at === null || at < 0 || !provablyAtLeast(x.shape[axis]!, at + 1)) return null
  const one = view.slice(x, {
    starts: x.shape.map((_, k) => (k === axis ? at : 0)),
    steps: x.shape.map(() => 1),
    sizes: x.shape.with(axis, 1),
  })
  const source = view.squeeze(one, [axis])
  const own = source.shape.map((_, k) => k)
  const axes = [...own.slice(0, axis), ...i.shape.map(() => null), ...own.slice(axis)]
  return buildAxes({ source, axes, shape: root.shape })
}

export const gathers: readonly Rule[] = [
  rule('x[c, c …] → x[c], repeated', of(take, x, i), ({ x, i }, v) => takeOfOne(x, i, v)),
]
