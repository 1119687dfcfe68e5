/** W4: one training step of a small GRU. */
import { compile, ndarrayOf } from 'arignote'
import { bench } from '../lib/measure.js'
import { TFJS } from '../lib/names.js'
import { type Batch, batch, graph, parameters, sizes } from '../networks/waves.js'

const arignote = (backend: 'wasm' | 'js' | 'reference') => () => {
  const { inputs, loss, updates } = graph(parameters())
  const train = compile(inputs, loss, { updates, backend })
  return ({ waves, next }: Batch) => train(ndarrayOf(waves, [sizes.batch, sizes.time, 1]), next).data
}

const tfjs = async () => {
  const { startTfjs } = await import('../lib/tfjs.js')
  const { train, wavesModel } = await import('../networks/waves-tfjs.js')
  await startTfjs()
  const model = wavesModel()
  return (input: Batch) => train(model, input)
}

await bench<Batch>([
  {
    name: 'W4',
    title: 'GRU(32) on (32, 50, 1) → Dense(1), squared error: a step with Adam',
    input: batch,
    subjects: {
      'arignote, 1 thread': { prepare: arignote('wasm') },
      'arignote, js': { prepare: arignote('js') },
      [TFJS]: { prepare: tfjs, peer: true },
      'arignote, reference': { prepare: arignote('reference'), checks: 5 },
    },
    tolerance: 1e-4,
    aims: { [TFJS]: 10 },
  },
])
