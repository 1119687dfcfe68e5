/** What a step of a cell costs: how many products and kernels there are in the loops, forward and backward. */
import { formsOf } from '@arignote/compiler'
import { grad, matrix, mean, randn, type Shared, square, tensor3, type Variable } from '@arignote/graph'
import {
  gruCell,
  input,
  type Layer,
  layers,
  lstmCell,
  network,
  type RecurOptions,
  type RecurrentCell,
  recur,
  rnnCell,
  runNetwork,
  unmasked,
} from '@arignote/nn'
import { describe, expect, test } from '@jest/globals'
import { contractionsOutside, loopsOf } from '../src/samples.js'

const [batch, time, size] = [3, 4, 8]

/** What a training step of a layer computes. */
function programOfLayer(layer: Layer) {
  const given = input({ shape: [null, size] })
  const net = network([given], [layer.apply(given)])
  const x = tensor3('x', { shape: ['batch', 'time', size] })
  const context = { training: true, update: () => {}, penalize: () => {} }
  const [flow] = runNetwork(net, [unmasked(x)], context)
  return stepOf(
    x,
    mean(square(flow!.tensor)),
    layer.weights.map(w => w.variable),
  )
}

/** Loops forward and backward, and contractions outside them. */
function stepOf(x: Variable, loss: Variable, parameters: readonly Shared[]) {
  const gradients = grad(loss as never, parameters)
  const updates = parameters.map((p, i) => [p, p.sub(gradients[i]!.mul(0.1))] as const)
  const { program } = formsOf([x], loss, [randn([batch, time, size])], { updates: updates as never })
  return [...loopsOf(program.steps), contractionsOutside(program.steps)]
}

function programOf(cell: RecurrentCell<'float32'>, way: string) {
  const x = tensor3('x', { shape: ['batch', 'time', size] })
  const mask = matrix('mask', { dtype: 'int32', shape: ['batch', 'time'] })
  const drop = tensor3('drop', { shape: [cell.masks, 'batch', size] })
  const ones = Array.from({ length: batch }, () => Array<number>(time).fill(1))
  const parts: Readonly<
    Record<string, { options: RecurOptions<'float32'>; inputs: Variable[]; args: unknown[] }>
  > = {
    plain: { options: {}, inputs: [], args: [] },
    mask: { options: { mask }, inputs: [mask], args: [ones] },
    gradClip: { options: { gradClip: 1 }, inputs: [], args: [] },
    dropout: { options: { dropoutMask: drop }, inputs: [drop], args: [randn([cell.masks, batch, size])] },
    recurrentDropout: {
      options: { recurrentDropoutMask: drop },
      inputs: [drop],
      args: [randn([cell.masks, batch, size])],
    },
  }
  const { options, inputs, args } = parts[way]!
  const loss = mean(square(recur(cell, x, options).output))
  const parameters = Object.values(cell.params)
  const gradients = grad(loss, parameters)
  const updates = parameters.map((p, i) => [p, p.sub(gradients[i]!.mul(0.1))] as const)
  const { program } = formsOf([x, ...inputs], loss, [randn([batch, time, size]), ...args] as never, {
    updates,
  })
  return [...loopsOf(program.steps), contractionsOutside(program.steps)]
}

const cell = { inputSize: size, units: size, seed: 1 }
/** Outside the loops: x·W for all steps at once, and the gradients of W and U. */
const outside = 3

describe('an LSTM has one product and one kernel of gates in each direction', () => {
  test.each(['plain', 'mask', 'gradClip', 'dropout'])('%s', way => {
    expect(programOf(lstmCell(cell), way)).toEqual(['contract map', 'map contract', outside])
  })
  test('a dropout mask for each gate leaves it at one product', () => {
    const each = lstmCell({ ...cell, implementation: 1 })
    expect(programOf(each, 'dropout')).toEqual(['contract map', 'map contract', outside])
    expect(programOf(each, 'recurrentDropout')).toEqual(['map contract map', 'map contract map', outside])
  })
  test('dropping the state costs a kernel that does it', () => {
    expect(programOf(lstmCell(cell), 'recurrentDropout')).toEqual([
      'map contract map',
      'map contract',
      outside,
    ])
  })
  test('peepholes cost no kernel', () => {
    const { params, ...rest } = lstmCell({ ...cell, peepholes: true })
    const peeping = { ...rest, params: { kernel: params.kernel, recurrentKernel: params.recurrentKernel } }
    expect(programOf(peeping, 'plain')).toEqual(['contract map', 'map contract', outside])
  })
})

describe('a GRU', () => {
  test.each(['plain', 'mask', 'gradClip', 'dropout'])(
    'whose reset gate acts on the product has one of each too: %s',
    way => {
      const found = programOf(gruCell({ ...cell, resetAfter: true }), way)
      expect(found).toEqual(['contract map', 'map contract', outside])
    },
  )
  test('whose reset gate acts on the state has two products, since one waits for the other', () => {
    const found = programOf(gruCell(cell), 'mask')
    expect(found).toEqual(['contract map contract map', 'map contract map contract', outside + 1])
  })
})

test('a simple cell has one product, with everything else in its epilogue', () => {
  expect(programOf(rnnCell(cell), 'plain')).toEqual(['contract', 'map contract', outside])
})

describe('a layer costs what its cell does', () => {
  const options = { units: size, seed: 1 }
  test.each([
    ['lstm', () => layers.lstm(options), () => lstmCell(cell)],
    ['gru', () => layers.gru(options), () => gruCell(cell)],
    [
      'gru, reset after',
      () => layers.gru({ ...options, resetAfter: true }),
      () => gruCell({ ...cell, resetAfter: true }),
    ],
    ['simpleRNN', () => layers.simpleRNN(options), () => rnnCell(cell)],
  ] as readonly (readonly [string, () => Layer, () => RecurrentCell<'float32'>])[])(
    '%s',
    (_, layer, make) => {
      expect(programOfLayer(layer())).toEqual(programOf(make(), 'plain'))
    },
  )
})
