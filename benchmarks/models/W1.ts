/** W1: one training step of Embedding → LSTM → Dense. */
import { compile, ndarrayOf } from 'arignote'
import { bench } from '../lib/measure.js'
import { TFJS } from '../lib/names.js'
import { options } from '../lib/options.js'
import { type Batch, batch, graph, parameters, sizes } from '../networks/sentiment.js'

const arignote = (backend: 'wasm' | 'reference') => () => {
  const { inputs, loss, updates } = graph(parameters())
  const train = compile(inputs, loss, { updates, backend })
  return ({ texts, labels }: Batch) => train(ndarrayOf(texts, [sizes.batch, sizes.words]), labels).data
}

const tfjs = async () => {
  const { startTfjs } = await import('../lib/tfjs.js')
  const { compileModel, sentimentModel, setWeights, train } = await import('../networks/sentiment-tfjs.js')
  await startTfjs()
  const model = sentimentModel()
  compileModel(model)
  setWeights(model)
  return (input: Batch) => train(model, input)
}

await bench<Batch>([
  {
    name: 'W1',
    title:
      'Embedding(20000, 128) → LSTM(128) → Dense(1, sigmoid), batch 32, 100 words: a step with dense Adam',
    input: batch,
    subjects: {
      'arignote, 1 thread': { prepare: arignote('wasm') },
      [TFJS]: { prepare: tfjs, peer: true },
      // Our slowest back end takes a minute for two steps: only where there is nothing else to compare with.
      ...(options.peers ? {} : { 'arignote, reference': { prepare: arignote('reference'), checks: 2 } }),
    },
    tolerance: 1e-4,
    aims: { [TFJS]: 8 },
  },
])
