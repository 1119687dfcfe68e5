import { compile } from '@arignote/compiler'
import { constant, matrix, tensor3, toNested, vector } from '@arignote/graph'
import { expect, test } from '@jest/globals'
import { losses, reduceLoss } from '../src/index.js'
import { isSparse, loss } from '../src/losses/loss.js'

const [t, y] = [matrix('t', { shape: ['batch', 3] }), matrix('y', { shape: ['batch', 3] })]

test('a loss has a name in any spelling, and short names', () => {
  const spellings = ['binaryCrossentropy', 'binary_crossentropy', 'BinaryCrossentropy', 'bce']
  expect(spellings.map(name => loss('compile', name).name)).toEqual(spellings.map(() => 'binaryCrossentropy'))
  expect(
    ['mse', 'MSE', 'mae', 'MAPE', 'msle', 'kld', 'cosine', 'huber'].map(x => loss('compile', x).json),
  ).toEqual([
    'mean_squared_error',
    'mean_squared_error',
    'mean_absolute_error',
    'mean_absolute_percentage_error',
    'mean_squared_logarithmic_error',
    'kullback_leibler_divergence',
    'cosine_proximity',
    'huber_loss',
  ])
  expect(() => loss('compile', 'binary_crosentropy')).toThrow(/did you mean "binaryCrossentropy"\?/)
  expect(isSparse(loss('compile', 'sparse_categorical_crossentropy'))).toBe(true)
})

test('a stored loss has its options', () => {
  const stored = {
    class_name: 'BinaryCrossentropy',
    config: { from_logits: true, label_smoothing: 0.2, reduction: 'sum_over_batch_size', name: 'x' },
  }
  const wanted = losses.binaryCrossentropy(t, y, { fromLogits: true, labelSmoothing: 0.2 })
  expect(loss('compile', stored).apply(t, y)).toBe(wanted)
  expect(loss('compile', stored).json).toEqual(stored)
})

test('targets of a column fewer do not become a square', () => {
  expect(() => losses.meanSquaredError(vector('t'), matrix('y', { shape: [null, 1] }))).toThrow(
    /targets and predictions have other shapes/,
  )
  expect(() => losses.meanAbsoluteError(matrix('t', { shape: [null, 2] }), y)).toThrow(/other shapes/)
})

test('an option that a loss does not have is told', () => {
  expect(() => losses.huberLoss(t, y, { fromLogits: true } as never)).toThrow(/no option "fromLogits"/)
})

test('classes are indices of all axes but the last, with or without a last axis of size 1', () => {
  const steps = tensor3('y', { shape: ['batch', 'time', 4] })
  const flat = losses.sparseCategoricalCrossentropy(matrix('t', 'int32'), steps)
  const column = losses.sparseCategoricalCrossentropy(tensor3('t', { shape: [null, null, 1] }), steps)
  expect([flat.ndim, column.ndim]).toEqual([2, 2])
})

test('integer targets meet float predictions, and hinge reads labels 0 and 1 as -1 and 1 only if there are no others', () => {
  const labels = (values: number[]) => constant([values], 'int32')
  const scores = constant([[2, -2]])
  const hinge = (values: number[]) => toNested(compile([], losses.hinge(labels(values), scores))())
  expect(hinge([1, 0])).toEqual([0])
  expect(hinge([1, -1])).toEqual([0])
  expect(hinge([0, -1])).toEqual([0.5])
})

test('weights of more axes than there are values are refused', () => {
  expect(() => reduceLoss(vector('loss'), { sampleWeight: matrix('w') })).toThrow(/more axes than the values/)
  expect(() => reduceLoss(vector('loss'), { mask: matrix('m', 'bool') })).toThrow(/more axes than the values/)
})
