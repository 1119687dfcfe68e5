/**
 * fit: what the loop around the step costs. The network of W1 out of layers, trained by `fit`, beside the compiled training
 * function of the same network and the same weights, called without anything around it.
 */
import { compile, dot, matrix, ndarrayOf, take } from 'arignote'
import { adam, layers, losses, lstmCell, recur, reduceLoss, sequential } from 'arignote/nn'
import { bench } from '../lib/measure.js'
import { batch, sizes } from '../networks/sentiment.js'

const BATCHES = 10

/** The texts of an epoch, and what is thought of them. */
interface Epoch {
  readonly texts: Int32Array
  readonly labels: Float32Array
}

function epoch(step: number): Epoch {
  const parts = Array.from({ length: BATCHES }, (_, k) => batch(step * BATCHES + k))
  return {
    texts: Int32Array.from(parts.flatMap(part => [...part.texts])),
    labels: Float32Array.from(parts.flatMap(part => [...part.labels])),
  }
}

function network() {
  const { vocabulary, width, units, words } = sizes
  return sequential(
    [
      layers.embedding({ inputDim: vocabulary, outputDim: width, inputLength: words }),
      layers.lstm({ units }),
      layers.dense({ units: 1, activation: 'sigmoid' }),
    ],
    { seed: 1 },
  )
}

/** The loss of an epoch: the mean over its batches. */
const fit = () => {
  const model = network()
  model.compile({ loss: 'binaryCrossentropy', optimizer: 'adam', metrics: ['accuracy'] })
  return async ({ texts, labels }: Epoch) => {
    const x = ndarrayOf(texts, [labels.length, sizes.words])
    const { history } = await model.fit(x, labels, { batchSize: sizes.batch, shuffle: false, verbose: 0 })
    return history['loss']!
  }
}

const bare = () => {
  const [table, kernel, recurrentKernel, bias, out, outBias] = network().weights.map(w => w.variable)
  const texts = matrix('texts', 'int32')
  const labels = matrix('labels')
  const params = { kernel: kernel!, recurrentKernel: recurrentKernel!, bias: bias! }
  const cell = lstmCell({ inputSize: sizes.width, units: sizes.units, params })
  const { output } = recur(cell, take(table!, texts) as never)
  const likes = dot(output, out!).add(outBias!).sigmoid()
  const loss = reduceLoss(losses.binaryCrossentropy(labels, likes))
  const all = [table!, kernel!, recurrentKernel!, bias!, out!, outBias!]
  const train = compile([texts, labels], loss, { updates: adam(loss, all) })
  return ({ texts, labels }: Epoch) => {
    let total = 0
    for (let k = 0; k < BATCHES; k++) {
      const [from, to] = [k * sizes.batch, (k + 1) * sizes.batch]
      const x = ndarrayOf(texts.subarray(from * sizes.words, to * sizes.words), [sizes.batch, sizes.words])
      total += train(x, ndarrayOf(labels.subarray(from, to), [sizes.batch, 1])).data[0]!
    }
    return [total / BATCHES]
  }
}

await bench<Epoch>([
  {
    name: 'fit',
    title: `W1 by layers: an epoch of ${BATCHES} batches, by fit and by its compiled training function alone`,
    input: epoch,
    subjects: { 'the function alone': { prepare: bare }, fit: { prepare: fit } },
    tolerance: 1e-4,
  },
])
