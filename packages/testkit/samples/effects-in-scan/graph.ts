/** A print and an assertion in the branches of each step: they come before anything is written to a shared variable. */
import { assert, ifElse, print, scan, shared, vector } from 'arignote'
import { expectEqual, outline, type Sample } from '../../src/samples.js'

export function sample(): Sample {
  const x = vector('x', { shape: ['time'] })
  const best = shared(0, 'best')
  const { h } = scan(
    ({ x, h }) => ({
      h: ifElse(x.gt(0), print(h.mul(x), 'grown'), assert(h.sub(1), h.gt(1), 'there is enough left')),
    }),
    { sequences: { x }, state: { h: 1 }, name: 'walk' },
  )
  return {
    inputs: [x],
    outputs: h.all,
    updates: [[best, best.maximum(h.last)]],
    args: [[2, 3, -1, 2]],
    kernels: 7,
    check({ program, texts }) {
      expectEqual('outline', outline(program.steps), 'map [map {map print map | map assert map}] map')
      expectEqual('in place', / in place$/m.test(texts.program), true)
    },
  }
}
