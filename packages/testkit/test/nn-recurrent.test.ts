/** Recurrent cells against the golden numbers of Keras: outputs, states, and the gradient of everything. */
import { type CompileOptions, compile } from '@arignote/compiler'
import {
  array,
  constant,
  flip,
  grad,
  mul,
  type Shared,
  shared,
  type Tensor,
  toNested,
  type Variable,
} from '@arignote/graph'
import { type GateCell, gruCell, lstmCell, type RecurOptions, recur, rnnCell } from '@arignote/nn'
import { describe, expect, test } from '@jest/globals'
import { type Golden, golden, goldenTolerance, unread, worstDifference } from '../src/golden.js'

type Float = keyof typeof goldenTolerance

const zerosLike = (rows: number[][]) => rows.map(row => row.map(() => 0))

const cells = { SimpleRNN: rnnCell, LSTM: lstmCell, GRU: gruCell }

/** The cell of a golden case, with its weights. */
function cellOf({ layer, config, weights, x }: Golden, dtype: Float): GateCell<Float> {
  const make = cells[layer as keyof typeof cells] as (options: object) => GateCell<Float>
  const { units, activation, use_bias, recurrent_activation, implementation, reset_after } = config
  const value = (a: Golden, name: string) => shared(array(a, dtype), name)
  return make({
    inputSize: x[0][0].length,
    units,
    activation,
    useBias: use_bias,
    ...(layer !== 'SimpleRNN' && { recurrentActivation: recurrent_activation, implementation }),
    ...(layer === 'GRU' && { resetAfter: reset_after }),
    dtype,
    params: {
      kernel: value(weights.kernel, 'kernel'),
      recurrentKernel: value(weights.recurrent_kernel, 'recurrentKernel'),
      ...(weights.bias && { bias: value(weights.bias, 'bias') }),
    },
  })
}

/** Everything a golden case says, computed; under `expected` what it says. */
function both(given: Golden, dtype: Float, options: CompileOptions, recurOptions: RecurOptions<Float> = {}) {
  const cell = cellOf(given, dtype)
  const value = (a: Golden) => shared(array(a, dtype), 'value')
  const x = value(given.x)
  const batch = given.x.length
  const states = given.initial_state?.map(value) as readonly Shared<Float>[] | undefined
  const mask = given.mask && shared(array(given.mask, 'int32'), 'mask')
  const dropoutMask = given.dropout_mask && value(given.dropout_mask)
  const recurrentDropoutMask = given.recurrent_dropout_mask && value(given.recurrent_dropout_mask)
  function runFrom(initialState: readonly Shared<Float>[] | undefined) {
    const { outputs, output, last } = recur(cell, x, {
      ...recurOptions,
      mask,
      ...(initialState && { initialState }),
      dropoutMask,
      recurrentDropoutMask,
      reverse: given.config.go_backwards,
    })
    // Keras leaves the outputs of a reversed layer in the order they came in.
    return { sequence: given.config.go_backwards ? flip(outputs, 1) : outputs, output, last }
  }
  const weighted = (v: Variable, cotangent: Golden) => mul(v, constant(array(cotangent, dtype))).sum()
  const lossOf = ({ sequence, last }: ReturnType<typeof runFrom>) =>
    [
      weighted(sequence, given.cotangent.sequence),
      ...last.map((state, i) => weighted(state, given.cotangent.states[i])),
    ].reduce((a, b) => a.add(b)) as Tensor<Float, 0>
  const lossFrom = (initialState: readonly Shared<Float>[]) => lossOf(runFrom(initialState))
  const ran = runFrom(states)
  const { sequence, output, last } = ran
  const loss = lossOf(ran)
  const { kernel, recurrentKernel, bias } = cell.params
  const wrt = [x, kernel, recurrentKernel, ...(bias ? [bias] : []), ...(states ?? [])]
  // The gradient by an initial state is given even where that was zero; then it is one of zeros that are there.
  const zeros = states === undefined ? last.map((_, i) => value(zerosLike(given.expected.states[i]))) : []
  const fromZeros = zeros.length === 0 ? [] : grad(lossFrom(zeros), zeros)
  const run = compile([], [sequence, output, ...last, loss, ...grad(loss, wrt), ...fromZeros], options)
  const { expected, grads } = given
  const { weights } = grads
  expect(batch).toBe(expected.last.length)
  return {
    actual: run().map(toNested),
    expected: [
      expected.sequence,
      expected.last,
      ...expected.states,
      given.loss,
      grads.x,
      weights.kernel,
      weights.recurrent_kernel,
      ...(bias ? [weights.bias] : []),
      ...grads.initial_state,
    ],
  }
}

const cases = ['simple_rnn', 'lstm', 'gru'].flatMap(file =>
  golden(file).cases.map((given: Golden) => [`${file} ${given.name}`, given] as const),
) as readonly (readonly [string, Golden])[]

test('there are as many cases as the files are said to have, each of the layer and the gates that its file names', () => {
  expect(cases.length).toBe(77)
  const gates = { simple_rnn: [], lstm: ['i', 'f', 'c', 'o'], gru: ['z', 'r', 'h'] }
  for (const [file, order] of Object.entries(gates)) {
    const { layer, gate_order, cases } = golden(file)
    expect(gate_order).toEqual(order)
    expect(new Set(cases.map((c: Golden) => c.layer))).toEqual(new Set([layer]))
  }
})

describe.each(cases)('%s', (_, given) => {
  test.each(['float64', 'float32'] as const)('%s', dtype => {
    const { actual, expected } = both(given, dtype, { backend: 'wasm' })
    expect(worstDifference(actual, expected)).toBeLessThan(goldenTolerance[dtype])
  })
})

const some = cases.filter(([name]) =>
  /^(simple_rnn mask_pre_initial|lstm both_dropouts_impl1_mask|gru mask_hole_backwards|gru reset_after_mask_hole)/.test(
    name,
  ),
)

describe.each(some)('%s', (_, given) => {
  const backends: readonly CompileOptions[] = [
    { backend: 'js' },
    { backend: 'reference' },
    { backend: 'wasm', optimize: false },
  ]
  test.each(backends)('%j', options => {
    const { actual, expected } = both(given, 'float64', options)
    expect(worstDifference(actual, expected)).toBeLessThan(goldenTolerance.float64)
  })
  test.each([2, true] as const)('written out: %s', unroll => {
    const { actual, expected } = both(given, 'float64', {}, { unroll })
    expect(worstDifference(actual, expected)).toBeLessThan(goldenTolerance.float64)
  })
})

test('every number of the golden cells was looked at', () => {
  expect(unread('simple_rnn', ['layer', 'gate_order', 'cases'])).toEqual([])
  expect(unread('lstm', ['layer', 'gate_order', 'cases'])).toEqual([])
  expect(unread('gru', ['layer', 'gate_order', 'cases'])).toEqual([])
})
