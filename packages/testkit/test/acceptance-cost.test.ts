/** What compiling and running an LSTM training function may cost, in kernels, code and allocations (its time: benchmarks C1). */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { compile } from '@arignote/compiler'
import { array, type Variable } from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import ndarray from 'ndarray'
import { sample as lstm } from '../samples/lstm/graph.js'

describe('an LSTM training function', () => {
  test('becomes few kernels of little code, whatever the time', () => {
    const { inputs, outputs, updates = [] } = lstm()
    const train = compile(inputs, outputs as Variable, { updates })
    const costs = [1, 50].map(time => {
      train(ndarray(new Int32Array(2 * time), [2, time]), array([0, 1]))
      return [train.kernels().length, train.wat().split(/\s+/).length]
    })
    expect(costs[1]).toEqual(costs[0])
    expect(costs[0]![0]).toBeLessThanOrEqual(32)
    expect(costs[0]![1]).toBeLessThan(17_500)
  })

  test('allocates, once it is warm, a few views per call and nothing per step of time', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const { inputs, outputs, updates = [] } = lstm()
    const train = compile(inputs, outputs as Variable, { updates })
    const perCall = (time: number) => {
      const ids = ndarray(new Int32Array(2 * time), [2, time])
      const y = array([0, 1])
      const loss = train(ids, y)
      const run = () => {
        for (let i = 0; i < 200; i++) train.into(loss, ids, y)
      }
      run()
      run()
      collect()
      const before = process.memoryUsage().heapUsed
      run()
      return (process.memoryUsage().heapUsed - before) / 200
    }
    perCall(1)
    expect(perCall(50)).toBeLessThan(20_000)
    expect(perCall(500)).toBeLessThan(20_000)
  })
})
