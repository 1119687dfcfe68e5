import { compile } from '@arignote/compiler'
import { type Variable, vector } from '@arignote/graph'
import { expect, test } from '@jest/globals'
import { activation } from '../src/activations.js'
import { constraint } from '../src/constraints.js'
import { activations, constraints, initializers, regularizers } from '../src/index.js'
import { initializer } from '../src/initializers.js'
import { regularizer } from '../src/regularizers.js'

test('an activation has a name in any spelling; one of the table is known by itself, one of the user has none', () => {
  expect(['hardSigmoid', 'hard_sigmoid'].map(name => activation('dense', name).name)).toEqual([
    'hard_sigmoid',
    'hard_sigmoid',
  ])
  expect(activation('dense', activations.softsign).name).toBe('softsign')
  expect(activation('dense', (x: Variable) => x).name).toBeNull()
  expect(activation('dense', null).name).toBe('linear')
  expect(() => activation('dense', 'hardsigmod')).toThrow(/did you mean "hardSigmoid"\?/)
  expect(() => activations.relu(vector('x'), { max: 6 } as never)).toThrow(/no option "max"/)
})

test('initialisers are read by names of any version, and from what Keras stores', () => {
  const names = [
    'uniform',
    'normal',
    'zero',
    'one',
    'glorot_uniform',
    'he_normal',
    'lecun_uniform',
    'orthogonal',
  ]
  expect(names.map(name => initializer('dense', name).class_name)).toEqual([
    'RandomUniform',
    'RandomNormal',
    'Zeros',
    'Ones',
    'VarianceScaling',
    'VarianceScaling',
    'VarianceScaling',
    'Orthogonal',
  ])
  for (const made of Object.values(initializers)) {
    const { class_name, config } = (made as () => ReturnType<typeof initializers.zeros>)()
    const again = initializer('dense', JSON.parse(JSON.stringify({ class_name, config })))
    expect([again.class_name, again.config]).toEqual([class_name, config])
  }
  const stored = { class_name: 'GlorotUniform', config: { seed: null } }
  expect(initializer('dense', stored).config).toEqual(initializers.glorotUniform().config)
  expect(() => initializer('dense', 'glorot')).toThrow(/there is no initialiser "glorot"/)
  expect(() => initializers.constant({ valu: 3 } as never)).toThrow(/did you mean "value"\?/)
  expect(() => initializers.varianceScaling({ mode: 'fanSum' })).toThrow(/no mode "fan_sum"/)
})

test('normal numbers are cut off at two deviations, or not; the deviation is the same', () => {
  const drawn = (distribution: string) => {
    const made = initializers
      .varianceScaling({ scale: 4, distribution })
      .make([100, 400], { dtype: 'float64', seed: 1 })
    const data = Float64Array.from(made.data)
    const deviation = Math.sqrt(data.reduce((sum, v) => sum + v * v, 0) / data.length)
    return { deviation, greatest: data.reduce((most, v) => Math.max(most, Math.abs(v)), 0) }
  }
  // √(4 / 100), and so much of it is left when a normal distribution is cut off at 2.
  const [deviation, left] = [0.2, 0.87962566103423978]
  for (const distribution of ['normal', 'truncated_normal']) {
    const { deviation: found, greatest } = drawn(distribution)
    expect(Math.abs(found - deviation)).toBeLessThan(0.002)
    expect(greatest).toBeLessThanOrEqual((2 * deviation) / left)
    expect(greatest).toBeGreaterThan((1.99 * deviation) / left)
  }
  const { deviation: found, greatest } = drawn('untruncatedNormal')
  expect(Math.abs(found - deviation)).toBeLessThan(0.002)
  expect(greatest).toBeGreaterThan(4 * deviation)
  expect(() => initializers.varianceScaling({ distribution: 'gauss' })).toThrow(/no distribution "gauss"/)
})

test('regularisers are read from names, and from what Keras 2 and 1 stored', () => {
  const configs = [
    'l2',
    'l1_l2',
    { class_name: 'L1L2', config: { l1: 0, l2: 0.5 } },
    { name: 'WeightRegularizer', l1: 0.5, l2: 0 },
    { class_name: 'L1', config: { l1: 0.25 } },
  ].map(like => regularizer('dense', like as never).config)
  expect(configs).toEqual([
    { l1: 0, l2: 0.01 },
    { l1: 0.01, l2: 0.01 },
    { l1: 0, l2: 0.5 },
    { l1: 0.5, l2: 0 },
    { l1: 0.25, l2: 0 },
  ])
  expect(() => regularizer('dense', 'l3')).toThrow(/there is no regulariser "l3"/)
})

test('a regulariser of nothing is 0 and needs no weights', () => {
  const w = vector('w')
  const penalty = regularizers.l1l2({ l1: 0, l2: 0 }).penalty(w)
  expect(compile([], penalty)().data[0]).toBe(0)
})

test('constraints are read from names, and from what Keras 2 and 1 stored', () => {
  const configs = [
    'nonNeg',
    'non_neg',
    'maxnorm',
    { class_name: 'MaxNorm', config: { max_value: 3, axis: [0, 1] } },
    { name: 'MaxNorm', m: 4, axis: 1 },
    { class_name: 'MinMaxNorm', config: { min_value: 0.5, max_value: 2, rate: 0.9, axis: 0 } },
  ].map(like => constraint('dense', like as never))
  expect(configs.map(({ class_name, config }) => [class_name, config])).toEqual([
    ['NonNeg', {}],
    ['NonNeg', {}],
    ['MaxNorm', { max_value: 2, axis: 0 }],
    ['MaxNorm', { max_value: 3, axis: [0, 1] }],
    ['MaxNorm', { max_value: 4, axis: 1 }],
    ['MinMaxNorm', { min_value: 0.5, max_value: 2, rate: 0.9, axis: 0 }],
  ])
  expect(() => constraints.maxNorm({ max: 2 } as never)).toThrow(/no option "max"/)
})
