/** Early exit and its gradient: one kernel a step, and a backward loop of as many trips as the forward one made. */
import { grad, scalar, scan, shared, until } from 'arignote'
import { expectEqual, outline, type Sample } from '../../src/samples.js'

export function sample(): Sample {
  const limit = scalar('limit')
  const rate = shared(0.5, 'rate')
  const start = scalar('start')
  const { x } = scan(
    ({ x }) => {
      const next = x.mul(rate)
      return until(next.lt(limit), { x: next })
    },
    { state: { x: start }, steps: 8, name: 'decay' },
  )
  const cost = x.all.square().sum()
  return {
    inputs: [start, limit],
    outputs: [cost, x.last],
    updates: [[rate, rate.sub(grad(cost, rate).mul(0.01))]],
    args: [4, 0.3],
    kernels: 6,
    check({ program, texts }) {
      expectEqual('outline', outline(program.steps), 'map [map] map [map] map map')
      expectEqual('stops', / until until$/m.test(texts.program), true)
    },
  }
}
