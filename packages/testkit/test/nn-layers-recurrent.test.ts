/** Recurrent layers and what wraps them, against golden numbers. */

import { input, type Layer, layers, network, resetLayerNames, sequential } from '@arignote/nn'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { type Golden, golden, goldenTolerance, unread, worstDifference } from '../src/golden.js'
import { through } from './nn-through.js'

beforeEach(resetLayerNames)

const kinds = { SimpleRNN: layers.simpleRNN, LSTM: layers.lstm, GRU: layers.gru } as Readonly<
  Record<string, (options: object) => Layer>
>

/** The options of Keras's configuration, in our spelling. */
const optionsOf = (config: Golden) =>
  Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      name.replace(/_(.)/g, (_, c: string) => c.toUpperCase()),
      value,
    ]),
  )

const weightsOf = (weights: Golden): unknown[] =>
  ['kernel', 'recurrent_kernel', 'bias']
    .filter(name => weights[name] !== undefined)
    .map(name => weights[name])

const cases = [...golden('simple_rnn').cases, ...golden('lstm').cases, ...golden('gru').cases].filter(
  c => c.dropout_mask === null && c.recurrent_dropout_mask === null,
)
const named = (list: Golden): [string, Golden][] =>
  list.map((c: Golden) => [c.layer === undefined ? c.name : `${c.layer} ${c.name}`, c])

describe.each(['float64', 'float32'] as const)('in %s', dtype => {
  const near = (actual: unknown, wanted: Golden) =>
    expect(worstDifference(actual, wanted)).toBeLessThan(goldenTolerance[dtype])
  const make = (c: Golden, more: object): Layer =>
    kinds[c.layer]!({ ...optionsOf(c.config), weights: weightsOf(c.weights), dtype, ...more })

  test.each(named(cases))('%s: sequences, last outputs, states, every gradient', (_, c: Golden) => {
    const layer = make(c, { returnSequences: true, returnState: true })
    const xs = [c.x, ...(c.initial_state ?? [])]
    const cotangents = [c.cotangent.sequence, ...c.cotangent.states]
    const ran = through(layer, xs, { mask: c.mask, cotangents })
    near(ran.outputs, [c.expected.sequence, ...c.expected.states])
    near(ran.loss, c.loss)
    const states = c.initial_state === null ? [] : c.grads.initial_state
    near(ran.gradients, [c.grads.x, ...states, ...weightsOf(c.grads.weights)])
    near(through(make(c, {}), xs, { mask: c.mask }).outputs, [c.expected.last])
  })

  const wrappers = golden('wrappers')

  test.each(named(wrappers.bidirectional))('bidirectional: %s', (_, c: Golden) => {
    const layer = layers.bidirectional({
      layer: kinds[c.layer]!({ ...optionsOf(c.config), returnSequences: c.return_sequences, dtype }),
      mergeMode: c.merge_mode,
      weights: [...weightsOf(c.forward_weights), ...weightsOf(c.backward_weights)] as never,
      dtype,
    })
    const cotangents = c.cotangent
    const ran = through(layer, [c.x], { mask: c.mask, cotangents })
    near(ran.outputs, c.expected)
    near(ran.loss, c.loss)
    const names = ['kernel', 'recurrent_kernel', 'bias'].filter(name => c.forward_weights[name] !== undefined)
    const byWeight = ['forward', 'backward'].flatMap(way => names.map(name => c.grads[`${way}_${name}`]))
    near(ran.gradients, [c.grads.x, ...byWeight])
  })

  test.each(named(wrappers.stacked))('stacked: %s', (_, c: Golden) => {
    const lower = layers.lstm({
      ...(optionsOf(c.lstm.config) as { units: number }),
      returnSequences: true,
      weights: weightsOf(c.lstm.weights) as never,
      dtype,
    })
    const upper = layers.gru({
      ...(optionsOf(c.gru.config) as { units: number }),
      weights: weightsOf(c.gru.weights) as never,
      dtype,
    })
    const ran = through([lower, upper], [c.x], {
      mask: c.mask,
      cotangents: [c.cotangent],
    })
    near(ran.outputs, [c.expected])
    near(ran.loss, c.loss)
    const of = (name: string) =>
      ['kernel', 'recurrent_kernel', 'bias'].map(weight => c.grads[`${name}_${weight}`])
    near(ran.gradients, [c.grads.x, ...of('lstm'), ...of('gru')])
  })

  test('a dense layer on every step', () => {
    for (const c of wrappers.time_distributed) {
      const inner = layers.dense({ units: c.kernel[0].length, activation: c.activation, dtype })
      const layer = layers.timeDistributed({ layer: inner, weights: [c.kernel, c.bias], dtype })
      const ran = through(layer, [c.x], { cotangents: [c.cotangent] })
      near(ran.outputs, [c.expected])
      near(ran.loss, c.loss)
      near(ran.gradients, [c.grads.x, c.grads.kernel, c.grads.bias])
    }
  })

  test.each(named(wrappers.stateful))(
    'stateful: %s goes on where it stopped, until it is reset',
    (_, c: Golden) => {
      const layer = make(c, { stateful: true })
      const steps = make(c, { stateful: true, returnSequences: true })
      for (const batch of c.batches) {
        const ran = through(layer, [batch.x])
        near(ran.outputs, [batch.last])
        const all = through(steps, [batch.x])
        near(all.outputs, [batch.sequence])
        steps.built.resetStates!(all.updated as unknown[])
        near(ran.updated, batch.states)
        layer.built.resetStates!(ran.updated as unknown[])
      }
      layer.built.resetStates!()
      near(through(layer, [c.after_reset.x]).outputs, [c.after_reset.last])
    },
  )
})

test('the number of weights is Keras’s', () => {
  for (const c of golden('formats').param_counts) {
    const { layer, input_dim, units, use_bias, reset_after } = c
    const more = layer === 'GRU' ? { resetAfter: reset_after } : {}
    const made = kinds[layer]!({ units, useBias: use_bias, ...more })
    made.apply(input({ shape: [null, input_dim] }))
    expect([c, made.countParams()]).toEqual([c, c.params])
  }
})

test('the summary is Keras’s, to the letter', () => {
  const models: Readonly<Record<string, () => ReturnType<typeof sequential>>> = {
    imdb_lstm: () =>
      sequential([
        layers.embedding({ inputDim: 20000, outputDim: 128, inputLength: 100 }),
        layers.lstm({ units: 128 }),
        layers.dense({ units: 1 }),
      ]),
    imdb_gru: () =>
      sequential([
        layers.embedding({ inputDim: 20000, outputDim: 128, inputLength: 100 }),
        layers.gru({ units: 128 }),
        layers.dense({ units: 1 }),
      ]),
    bidirectional_batchnorm: () =>
      sequential([
        layers.bidirectional({
          layer: layers.lstm({ units: 32, returnSequences: true }),
          inputShape: [20, 8],
        }),
        layers.batchNormalization(),
        layers.timeDistributed({ layer: layers.dense({ units: 5 }) }),
      ]),
  }
  for (const { name, lines } of golden('formats').summaries) {
    resetLayerNames()
    const printed: string[] = []
    models[name]!().summary({ print: line => printed.push(line) })
    expect(printed).toEqual(lines)
  }
})

test('dropout in a recurrent layer is one draw per batch, in training only', () => {
  const layer = layers.simpleRNN({
    units: 2,
    activation: 'linear',
    dropout: 0.5,
    returnSequences: true,
    useBias: false,
    weights: [
      [
        [1, 0],
        [0, 1],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    seed: 4,
  })
  const x = [Array.from({ length: 6 }, () => [1, 1]), Array.from({ length: 6 }, () => [1, 1])]
  expect(through(layer, [x]).outputs[0]).toEqual(x)
  const drawn = through(layer, [x], { training: true }).outputs[0] as number[][][]
  for (const sample of drawn) {
    for (const step of sample) expect(step).toEqual(sample[0])
    expect(sample[0]!.every(v => v === 0 || v === 2)).toBe(true)
  }
})

test('a hierarchy of sequences hands the inner mask to the inner layer and the outer mask on', () => {
  const ids = input({ shape: [2, 3], dtype: 'int32' })
  const words = layers.timeDistributed({
    layer: layers.embedding({ inputDim: 5, outputDim: 4, maskZero: true, seed: 1 }),
  })
  const inner = layers.timeDistributed({ layer: layers.lstm({ units: 3, seed: 2 }) })
  const outer = layers.lstm({ units: 2, seed: 3 })
  const net = network([ids], [outer.apply(inner.apply(words.apply(ids)))])
  expect(net.outputs[0]!.shape).toEqual([null, 2])
})

test('every number of golden wrappers, of summaries and counts was looked at by layers', () => {
  expect(
    unread(
      'wrappers',
      ['bidirectional', 'stateful', 'stacked', 'time_distributed'],
      ['time_distributed[0].name'],
    ),
  ).toEqual([])
  expect(
    unread(
      'formats',
      ['summaries', 'param_counts'],
      [0, 1, 2].map(i => `summaries[${i}].model`),
    ),
  ).toEqual([])
})
