/** Two directions, stacks, layers over time, and how gradients vanish, against golden numbers. */
import { compile } from '@arignote/compiler'
import {
  add,
  array,
  concatenate,
  constant,
  dot,
  grad,
  mul,
  type Shared,
  shared,
  type Tensor,
  tanh,
  toNested,
  type Variable,
  zerosArray,
} from '@arignote/graph'
import {
  activations,
  bidirectional,
  type GateCell,
  gruCell,
  lstmCell,
  type MergeMode,
  probed,
  recur,
  rnnCell,
  stackCells,
} from '@arignote/nn'
import { describe, expect, test } from '@jest/globals'
import { type Golden, golden, goldenTolerance, unread, worstDifference } from '../src/golden.js'

type Float = keyof typeof goldenTolerance
const floats = ['float64', 'float32'] as const

const cells = { SimpleRNN: rnnCell, LSTM: lstmCell, GRU: gruCell }

function cellOf(layer: string, config: Golden, weights: Golden, inputSize: number, dtype: Float) {
  const make = cells[layer as keyof typeof cells] as (options: object) => GateCell<Float>
  const { units, activation, recurrent_activation, implementation, reset_after } = config
  const { use_bias = true, go_backwards = false } = config
  expect(go_backwards).toBe(false)
  return make({
    inputSize,
    units,
    activation,
    useBias: use_bias,
    ...(layer !== 'SimpleRNN' && { recurrentActivation: recurrent_activation, implementation }),
    ...(layer === 'GRU' && { resetAfter: reset_after ?? false }),
    dtype,
    params: {
      kernel: shared(array(weights.kernel, dtype)),
      recurrentKernel: shared(array(weights.recurrent_kernel, dtype)),
      bias: shared(array(weights.bias, dtype)),
    },
  })
}

const lossOf = (outputs: readonly Variable[], cotangents: readonly Golden[], dtype: Float) =>
  outputs
    .map((v, i) => mul(v, constant(array(cotangents[i], dtype))).sum() as Variable)
    .reduce((a, b) => add(a, b)) as Tensor<Float, 0>

/** Outputs, loss and gradients. */
function computed(outputs: readonly Variable[], loss: Tensor<Float, 0>, wrt: readonly Variable[]) {
  return compile([], [...outputs, loss, ...grad(loss, wrt)])().map(toNested)
}

const weightsOf = ({ params }: GateCell<Float>) => Object.values(params)
const sequence = (given: Golden, dtype: Float) => shared(array(given, dtype), 'x') as Shared<Float, 3>
const maskOf = (given: Golden) => (given === null ? null : shared(array(given, 'int32'), 'mask'))
const weightNames = ['kernel', 'recurrent_kernel', 'bias']

const { bidirectional: twoWays, stacked, time_distributed, stateful } = golden('wrappers')
const named = (cases: readonly Golden[]) => cases.map(given => [given.name, given] as const)

describe.each(named(twoWays))('bidirectional: %s', (_, given) => {
  test.each(floats)('%s', dtype => {
    const { layer, config, mask, merge_mode } = given
    const x = sequence(given.x, dtype)
    const [forward, backward] = ['forward', 'backward'].map(way =>
      cellOf(layer, config, given[`${way}_weights`], given.x[0][0].length, dtype),
    ) as [GateCell<Float>, GateCell<Float>]
    const run = bidirectional(forward, backward, x, {
      mergeMode: merge_mode as MergeMode,
      mask: maskOf(mask),
    })
    const outputs = [given.return_sequences ? run.outputs : run.output].flat() as Variable[]
    const wrt = [x, ...weightsOf(forward), ...weightsOf(backward)]
    const actual = computed(outputs, lossOf(outputs, given.cotangent, dtype), wrt)
    const grads = ['forward', 'backward'].flatMap(way =>
      weightNames.map(name => given.grads[`${way}_${name}`]),
    )
    const expected = [...given.expected, given.loss, given.grads.x, ...grads]
    expect(worstDifference(actual, expected)).toBeLessThan(goldenTolerance[dtype])
  })
})

describe.each(named(stacked))('stacked: %s', (_, given) => {
  const make = (dtype: Float) => {
    const x = sequence(given.x, dtype)
    const lower = cellOf('LSTM', given.lstm.config, given.lstm.weights, given.x[0][0].length, dtype)
    const upper = cellOf('GRU', given.gru.config, given.gru.weights, lower.units, dtype)
    return { x, lower, upper, wrt: [x, ...weightsOf(lower), ...weightsOf(upper)] }
  }
  const grads = ['lstm', 'gru'].flatMap(layer => weightNames.map(name => given.grads[`${layer}_${name}`]))
  const expected = [given.expected, given.loss, given.grads.x, ...grads]

  test.each(floats)('one run after the other, %s', dtype => {
    const { x, lower, upper, wrt } = make(dtype)
    const mask = maskOf(given.mask)
    const { output } = recur(upper, recur(lower, x, { mask }).outputs, { mask })
    const actual = computed([output], lossOf([output], [given.cotangent], dtype), wrt)
    expect(worstDifference(actual, expected)).toBeLessThan(goldenTolerance[dtype])
  })
  test('one run of both', () => {
    const { x, lower, upper, wrt } = make('float64')
    const { output, last } = recur(stackCells([lower, upper]), x, { mask: maskOf(given.mask) })
    expect(last.map(v => v.shape[1])).toEqual([lower.units, lower.units, upper.units])
    const actual = computed([output], lossOf([output], [given.cotangent], 'float64'), wrt)
    expect(worstDifference(actual, expected)).toBeLessThan(goldenTolerance.float64)
  })
})

test.each(named(time_distributed))('a layer over time is a product: %s', (_, given) => {
  const x = sequence(given.x, 'float64')
  const kernel = shared(array(given.kernel, 'float64'))
  const bias = shared(array(given.bias, 'float64'))
  const act = activations[given.activation as keyof typeof activations] as (v: Variable) => Variable
  const y = act(dot(x, kernel).add(bias))
  const actual = computed([y], lossOf([y], [given.cotangent], 'float64'), [x, kernel, bias])
  const expected = [given.expected, given.loss, given.grads.x, given.grads.kernel, given.grads.bias]
  expect(worstDifference(actual, expected)).toBeLessThan(goldenTolerance.float64)
})

test.each(named(stateful))('states kept between calls are shared variables: %s', (_, given) => {
  const { layer, config, weights, batches, after_reset } = given
  const [batch, , inputs] = [batches[0].x.length, 0, batches[0].x[0][0].length]
  const cell = cellOf(layer, config, weights, inputs, 'float64')
  const states = cell.stateSizes.map(size => shared(zerosArray([batch, size], 'float64')))
  const x = shared(array(batches[0].x, 'float64'))
  const { outputs, output, last } = recur(cell, x, { initialState: states as never })
  const run = compile([], [outputs, output, ...last], {
    updates: states.map((s, i) => [s, last[i]!]) as never,
  })
  for (const { x: value, sequence, last: lastOutput, states: after } of batches) {
    x.setValue(array(value, 'float64'))
    expect(worstDifference(run().map(toNested), [sequence, lastOutput, ...after])).toBeLessThan(1e-10)
  }
  for (const state of states) state.setValue(zerosArray(state.cell.shape, 'float64'))
  x.setValue(array(after_reset.x, 'float64'))
  expect(worstDifference(toNested(run()[1]!), after_reset.last)).toBeLessThan(1e-10)
})

describe('vanishing gradients', () => {
  const { x, sequences, raw_step } = golden('vanishing')
  const time = x[0].length

  test.each(
    sequences.map((given: Golden) => [
      `${given.cell} ${given.spectral_radius ?? given.forget_bias} ${given.activation ?? ''}`,
      given,
    ]) as readonly (readonly [string, Golden])[],
  )('%s', (_, given) => {
    const units = given.recurrent_kernel.length
    const isLstm = given.cell === 'LSTM'
    const config = { units, activation: given.activation ?? 'tanh', recurrent_activation: 'sigmoid' }
    const bias = given.bias ?? Array(units).fill(0)
    const cell = cellOf(given.cell, config, { ...given, bias }, 1, 'float64')
    const probe = shared(zerosArray([1, time, units], 'float64'))
    const index = isLstm ? 1 : 0
    const { last } = recur(
      probed(cell, index),
      concatenate([constant(array(x, 'float64')), probe], 2) as never,
    )
    const felt = compile([], [last[index]!, grad(last[index]!.sum() as Tensor<Float, 0>, probe)])
    const [state, gradient] = felt().map(toNested) as [Golden, Golden]
    expect(worstDifference(state, isLstm ? given.last_cell_state : given.last_state)).toBeLessThan(1e-10)
    const norms = [Math.sqrt(units), ...[...gradient[0]].reverse().map((row: number[]) => Math.hypot(...row))]
    if (isLstm)
      for (const [back, norm] of given.cell_gradient_norm_steps_back as [number, number][])
        expect(Math.abs(norms[back]! - norm)).toBeLessThan(1e-10 * (1 + norm))
    else expect(worstDifference(norms, given.gradient_norm_by_steps_back)).toBeLessThan(1e-10)
  })

  test('one step, written by hand', () => {
    const names = ['x_t', 'h_prev', 'W_xh', 'W_hh', 'b_h']
    const values = names.map(name => shared(array(raw_step[name], 'float64'), name))
    const [x_t, h, W, U, b] = values as readonly Variable[] as [
      Variable,
      Variable,
      Variable,
      Variable,
      Variable,
    ]
    const next = tanh(dot(x_t, W).add(dot(h, U)).add(b))
    const actual = computed([next], lossOf([next], [raw_step.cotangent], 'float64'), values)
    const expected = [raw_step.h_t, raw_step.loss, ...names.map(name => raw_step.grads[name])]
    expect(worstDifference(actual, expected)).toBeLessThan(1e-10)
  })
})

test('every number of golden wrappers and vanishing gradients was looked at', () => {
  expect(unread('wrappers', ['bidirectional', 'stateful', 'stacked', 'time_distributed'])).toEqual([])
  expect(unread('vanishing', ['x', 'sequences', 'raw_step'])).toEqual([])
})
