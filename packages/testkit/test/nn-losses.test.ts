import { type BackendName, compile } from '@arignote/compiler'
import { grad, matrix, tensor3, toNested, type Variable, vector } from '@arignote/graph'
import { losses, type MaskNormalization, reduceLoss } from '@arignote/nn'
import { describe, expect, test } from '@jest/globals'
import { golden, goldenTolerance, unread, worstDifference } from '../src/golden.js'

interface Case {
  readonly name: string
  readonly y_true: number[][]
  readonly y_pred: number[][]
  readonly per_sample: unknown
  readonly mean: number
  readonly grad_of_mean: number[][]
}

const file = golden('losses')

/** What the names of variants mean; the rest are names of losses, as Keras writes them. */
const variants: Readonly<Record<string, (t: Variable, y: Variable) => Variable>> = {
  binary_crossentropy_edge: losses.binaryCrossentropy,
  binary_crossentropy_from_logits: (t, y) => losses.binaryCrossentropy(t, y, { fromLogits: true }),
  categorical_crossentropy_unnormalised: losses.categoricalCrossentropy,
  categorical_crossentropy_soft_targets: losses.categoricalCrossentropy,
  categorical_crossentropy_from_logits: (t, y) => losses.categoricalCrossentropy(t, y, { fromLogits: true }),
  hinge_zero_one_labels: losses.hinge,
  cosine_proximity_1x: (t, y) => losses.cosineProximity(t, y, { mean: true }),
}

const ours = (name: string) => {
  const camel = name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
  return variants[name] ?? (losses as Record<string, (t: Variable, y: Variable) => Variable>)[camel]!
}

type FloatType = 'float32' | 'float64'

function closeTo(actual: unknown, expected: unknown, dtype: FloatType): void {
  expect(worstDifference(actual, expected)).toBeLessThan(goldenTolerance[dtype])
}

/** [t, y], of which tests make losses. */
const pair = (dtype: FloatType) => [matrix('t', dtype), matrix('y', dtype)] as const

describe.each((file.losses as Case[]).map(it => [it.name, it] as const))('%s', (name, it) => {
  const modes: readonly (readonly [BackendName, FloatType])[] = [
    ['wasm', 'float64'],
    // 1 − 1e-7 rounds to 1 − 1.19e-7 in float32: the golden README excepts this case.
    ...(name === 'binary_crossentropy_edge' ? [] : [['wasm', 'float32'] as const]),
    ['reference', 'float64'],
  ]
  test.each(modes)('per sample, in the mean, and its gradient: %s, %s', (backend, dtype) => {
    const [t, y] = pair(dtype)
    const perSample = ours(name)(t, y)
    const mean = reduceLoss(perSample)
    const f = compile([t, y], [perSample, mean, grad(mean, y)], { backend })
    const results = f(it.y_true, it.y_pred).map(toNested)
    closeTo(results, [it.per_sample, it.mean, it.grad_of_mean], dtype)
  })
})

test('probabilities are kept as far from 0 and 1 as in Keras', () => {
  const [t, y] = pair('float64')
  const f = compile([t, y], losses.binaryCrossentropy(t, y))
  closeTo(f([[1], [0]], [[0], [1]]).data[0], -Math.log(file.epsilon), 'float64')
})

test.each(['float64', 'float32'] as const)('targets are smoothed as Keras does: %s', dtype => {
  const [t, y] = pair(dtype)
  for (const { label_smoothing: labelSmoothing, binary, categorical } of file.label_smoothing) {
    const run = (loss: Variable, { y_true, y_pred }: Case) => toNested(compile([t, y], loss)(y_true, y_pred))
    closeTo(run(losses.binaryCrossentropy(t, y, { labelSmoothing }), binary), binary.per_sample, dtype)
    closeTo(
      run(losses.categoricalCrossentropy(t, y, { labelSmoothing }), categorical),
      categorical.per_sample,
      dtype,
    )
  }
})

describe.each(['float64', 'float32'] as const)('masks and weights: %s', dtype => {
  const { reduction } = file
  const [t, y] = [tensor3('t', dtype), tensor3('y', dtype)]
  const [mask, sampleWeight, temporalWeight] = [
    matrix('mask', 'bool'),
    vector('weight', dtype),
    matrix('weights', dtype),
  ]
  const values = losses.meanSquaredError(t, y)

  test('without either, the loss is the mean', () => {
    const f = compile([t, y], [values, reduceLoss(values)])
    closeTo(
      f(reduction.y_true, reduction.y_pred).map(toNested),
      [reduction.per_timestep, reduction.plain],
      dtype,
    )
  })

  const given: Readonly<Record<string, object>> = {
    mask: { mask },
    sample_weight: { sampleWeight },
    temporal_weight: { sampleWeight: temporalWeight },
    mask_and_sample_weight: { mask, sampleWeight },
    mask_and_temporal_weight: { mask, sampleWeight: temporalWeight },
  }
  test.each([
    ['keras23', reduction.keras23],
    ['keras1To22', reduction.keras1_to_22],
  ] as const)('as in %s', (maskNormalization: MaskNormalization, wanted) => {
    expect(Object.keys(wanted).sort()).toEqual(Object.keys(given).sort())
    for (const [name, options] of Object.entries(given)) {
      const loss = reduceLoss(values, { ...options, maskNormalization })
      const f = compile([t, y, mask, sampleWeight, temporalWeight], loss, { onUnusedInput: 'ignore' })
      const { y_true, y_pred, mask: m, sample_weight: w, temporal_weight: tw } = reduction
      closeTo(f(y_true, y_pred, m, w, tw).data[0], wanted[name], dtype)
    }
  })
})

test('every golden number of losses was looked at', () => {
  expect(unread('losses', ['epsilon', 'losses', 'label_smoothing', 'reduction'])).toEqual([])
})
