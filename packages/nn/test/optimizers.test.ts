import { compile } from '@arignote/compiler'
import {
  array,
  constant,
  dot,
  grad,
  matrix,
  type Shared,
  scalar,
  shared,
  toNested,
  type Variable,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import {
  adam,
  applyConstraints,
  applyMomentum,
  applyNesterov,
  clipNorm,
  clipValue,
  constraints,
  globalNorm,
  momentum,
  movingAverage,
  nesterov,
  optimizers,
  type Schedule,
  schedules,
  sgd,
  type Updates,
  weightDecay,
} from '../src/index.js'
import { optimizer } from '../src/optimizers/optimizer.js'

const vectorOf = (...values: number[]): Shared => shared(array(values, 'float64'), 'p')
const numbers = (v: Shared) => [...v.getValue().data]
const close = (values: readonly number[]) => values.map(x => expect.closeTo(x, 12))

/** ½ Σp², of which p is the gradient. */
const loss = (p: Variable): Variable => p.square().sum().mul(0.5)

function run(steps: number, updates: Updates): void {
  const f = compile([], [], { updates })
  for (let i = 0; i < steps; i++) f()
}

describe('as functions', () => {
  test('a loss and its gradients give the same updates', () => {
    const after = [(p: Shared) => loss(p), (p: Shared) => [grad(loss(p), p)]].map(given => {
      const p = vectorOf(1, -2)
      run(3, adam(given(p), [p]))
      return numbers(p)
    })
    expect(after[0]).toEqual(after[1])
  })

  test('parameters may be a record, and so may their gradients', () => {
    const params = { w: vectorOf(1), b: vectorOf(2) }
    run(1, sgd(clipValue(grad(loss(params.w).add(loss(params.b)), params), 1.5), params, { learningRate: 1 }))
    expect([numbers(params.w), numbers(params.b)]).toEqual([[0], [0.5]])
  })

  test('the gradient of a single parameter is told from a loss by its axes', () => {
    const p = vectorOf(1, -2)
    run(1, sgd(grad(loss(p), p), p, { learningRate: 1 }))
    expect(numbers(p)).toEqual([0, 0])
  })

  test('state comes first, in the order of Keras; a count of steps only where something depends on it', () => {
    const [p, q] = [vectorOf(1), shared(array([1, 2], 'float64'), 'q')]
    const names = (updates: Updates) => updates.map(([v]) => v.name)
    const total = loss(p).add(loss(q))
    expect(names(adam(total, [p, q]))).toEqual(['iterations', 'p/m', 'q/m', 'p/v', 'q/v', 'p', 'q'])
    expect(names(sgd(total, [p, q]))).toEqual(['p', 'q'])
    expect(names(sgd(total, [p, q], { decay: 0.1 }))).toEqual(['iterations', 'p', 'q'])
    expect(names(momentum(total, [p, q]))).toEqual(['p/moment', 'q/moment', 'p', 'q'])
  })

  test('the learning rate may be an input', () => {
    const [p, rate] = [vectorOf(2), scalar('rate')]
    const f = compile([rate], [], { updates: sgd(loss(p), [p], { learningRate: rate }) })
    f(0.5)
    f(0.25)
    expect(numbers(p)).toEqual([0.75])
  })

  test('what is added to gradient descent by a modifier is the optimiser of that name', () => {
    for (const [modifier, whole] of [
      [applyMomentum, momentum],
      [applyNesterov, nesterov],
    ] as const) {
      const [p, q] = [vectorOf(1, -2), vectorOf(1, -2)]
      run(4, modifier(sgd(loss(p), [p]), [p], 0.8))
      run(4, whole(loss(q), [q], { momentum: 0.8 }))
      expect(numbers(p)).toEqual(close(numbers(q)))
    }
  })

  test('Adam is one kernel per parameter, and one for the scalars of a step', () => {
    const x = matrix('x', { shape: [8, 3] })
    const params = [
      shared(
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        'w',
      ),
      shared([0, 0], 'b'),
    ]
    const cost = dot(x, params[0]!).add(params[1]!).tanh().sum()
    const kernels = (outputs: readonly Variable[], updates: Updates) => {
      const f = compile([x], outputs, { updates })
      f(Array.from({ length: 8 }, () => [1, 2, 3]))
      return f.kernels().length
    }
    const gradients = kernels(grad(cost, params), [])
    expect(kernels([], adam(cost, params))).toBe(gradients + 2 + 1)
    expect(kernels([], adam(cost, params, { decay: 0.1, amsgrad: true }))).toBe(gradients + 2 + 1)
  })
})

describe('modifiers', () => {
  test('clipNorm scales all gradients together, and only where the norm is too great', () => {
    const gradients = { a: constant([3, 0], 'float64'), b: constant([[4]], 'float64') }
    const values = (limit: number) => {
      const { a, b } = clipNorm(gradients, limit)
      return compile([], [a, b, globalNorm(gradients)])().map(toNested)
    }
    expect(values(1)).toEqual([close([0.6, 0]), [close([0.8])], 5])
    expect(values(10)).toEqual([[3, 0], [[4]], 5])
  })

  test('gradients that are all zero are not divided by their norm', () => {
    const clipped = clipNorm([constant([0, 0])], 1)
    expect(toNested(compile([], clipped[0]!)())).toEqual([0, 0])
  })

  test('weight decay shrinks what a parameter was, whatever the gradient', () => {
    const p = vectorOf(2, -4)
    run(1, weightDecay(sgd(loss(p).mul(0), [p]), [p], 0.1))
    expect(numbers(p)).toEqual(close([1.8, -3.6]))
  })

  test('a moving average follows the new values and begins with the old ones', () => {
    const p = vectorOf(2)
    const { updates, averages } = movingAverage(sgd(loss(p), [p], { learningRate: 0.5 }), [p], { decay: 0.9 })
    run(2, updates)
    expect(numbers(p)).toEqual([0.5])
    expect(numbers(averages[0]!)).toEqual(close([(2 * 0.9 + 1 * 0.1) * 0.9 + 0.5 * 0.1]))
  })

  test('constraints see the new values', () => {
    const [p, q] = [vectorOf(1, -1), vectorOf(1, -1)]
    const updates = sgd(loss(p).add(loss(q)).neg(), [p, q], { learningRate: 1 })
    run(1, applyConstraints(updates, new Map([[p, constraints.nonNeg()]])))
    expect([numbers(p), numbers(q)]).toEqual([
      [2, -0],
      [2, -2],
    ])
  })
})

describe('schedules', () => {
  const rates = (schedule: Schedule, ...steps: number[]) => {
    const step = scalar('step', 'float64')
    const f = compile([step], schedule.at(step))
    return steps.map(k => f(k).data[0]!)
  }
  const common = { initialLearningRate: 0.5, decaySteps: 10 }

  test('each follows its formula', () => {
    const root = Math.sqrt(0.25)
    expect(rates(schedules.exponentialDecay({ ...common, decayRate: 0.25 }), 0, 5, 20)).toEqual(
      close([0.5, 0.5 * root, 0.5 / 16]),
    )
    expect(rates(schedules.exponentialDecay({ ...common, decayRate: 0.25, staircase: true }), 9, 10)).toEqual(
      close([0.5, 0.125]),
    )
    expect(rates(schedules.inverseTimeDecay({ ...common, decayRate: 2 }), 0, 10)).toEqual(
      close([0.5, 0.5 / 3]),
    )
    expect(
      rates(schedules.polynomialDecay({ ...common, endLearningRate: 0.1, power: 2 }), 0, 5, 10, 99),
    ).toEqual(close([0.5, 0.2, 0.1, 0.1]))
    expect(rates(schedules.cosineDecay({ ...common, alpha: 0.2 }), 0, 5, 10, 50)).toEqual(
      close([0.5, 0.3, 0.1, 0.1]),
    )
    const pieces = schedules.piecewiseConstantDecay({ boundaries: [2, 4], values: [3, 2, 1] })
    expect(rates(pieces, 0, 2, 3, 4, 5)).toEqual([3, 3, 2, 2, 1])
  })

  test('an optimiser asks its schedule once per step, for the number of steps done', () => {
    const p = vectorOf(1)
    const pieces = schedules.piecewiseConstantDecay({ boundaries: [0, 1], values: [0.5, 0.25, 1] })
    const f = compile([], [], { updates: sgd(loss(p), [p], { learningRate: pieces }) })
    const seen = [1, 2, 3].map(() => {
      f()
      return numbers(p)[0]
    })
    expect(seen).toEqual([0.5, 0.375, 0])
  })

  test('as many values as boundaries are one too few', () => {
    const pieces = schedules.piecewiseConstantDecay({ boundaries: [1], values: [1] })
    expect(() => pieces.at(scalar('step', 'float64'))).toThrow(/1 values for 1 boundaries/)
  })
})

describe('as objects', () => {
  test('a name in any spelling makes one; configurations are read and written as Keras has them', () => {
    const config = {
      learning_rate: 0.01,
      beta_1: 0.8,
      beta_2: 0.99,
      epsilon: 1e-7,
      amsgrad: false,
      decay: 0.1,
    }
    const adam = optimizer('compile', { class_name: 'Adam', config: { ...config, name: 'Adam' } })
    expect(adam.class_name).toBe('Adam')
    expect(adam.config).toEqual(config)
    expect(optimizer('compile', 'RMSprop').class_name).toBe('RMSprop')
    expect(optimizer('compile', 'rmsprop').config).toMatchObject({ learning_rate: 0.001, rho: 0.9 })
    expect(
      optimizer('compile', { class_name: 'SGD', config: { lr: 0.5, clipnorm: 1 } }).config,
    ).toMatchObject({
      learning_rate: 0.5,
      clipnorm: 1,
    })
    expect(() => optimizer('compile', 'adan')).toThrow(/did you mean "adam"\?/)
    expect(() => optimizers.adam({ learningrate: 1 } as never)).toThrow(/did you mean "learningRate"\?/)
  })

  test('the learning rate can be set between calls, and is what the configuration tells', () => {
    const p = vectorOf(1)
    const sgd = optimizers.sgd({ learningRate: 0.5 })
    const f = compile([], [], { updates: sgd.updates(loss(p), [p]) })
    f()
    sgd.learningRate!.setValue(1)
    f()
    expect(numbers(p)).toEqual([0])
    expect(sgd.config['learning_rate']).toBe(1)
  })

  test('a schedule is stored with the optimiser', () => {
    const schedule = schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: 5 })
    const before = optimizers.adam({ learningRate: schedule })
    const after = optimizer(
      'compile',
      JSON.parse(JSON.stringify({ class_name: 'Adam', config: before.config })),
    )
    expect(after.learningRate).toBeNull()
    expect(after.config).toEqual(before.config)
    expect(() => optimizers.adam({ learningRate: step => step }).config).toThrow(/cannot be stored/)
  })

  test('compiled again, a parameter has the accumulators that it had', () => {
    const [p, q] = [vectorOf(1, 2), vectorOf(1, 2)]
    const [twice, once] = [optimizers.adam(), optimizers.adam()]
    run(2, twice.updates(loss(p), [p]))
    run(2, twice.updates(loss(p), [p]))
    run(4, once.updates(loss(q), [q]))
    expect(numbers(p)).toEqual(numbers(q))
  })

  test('the state goes out and comes back, and training goes on as if nothing had happened', () => {
    for (const name of ['sgd', 'rmsprop', 'adagrad', 'adadelta', 'adam', 'adamax', 'nadam']) {
      const [p, q] = [vectorOf(1, -2), vectorOf(1, -2)]
      const [first, second] = [optimizer('compile', name), optimizer('compile', name)]
      run(3, first.updates(loss(p), [p]))
      second.build([q])
      second.setWeights(first.getWeights())
      q.setValue(p.getValue())
      run(1, first.updates(loss(p), [p]))
      run(1, second.updates(loss(q), [q]))
      expect(numbers(q)).toEqual(numbers(p))
      expect(second.iterations.getValue().data[0]).toBe(4)
    }
  })

  test('states of other versions of Keras are taken: no count of steps, counts that are floats, no vhat', () => {
    const p = vectorOf(1, 2)
    const rmsprop = optimizers.rmsprop()
    rmsprop.build([p])
    rmsprop.setWeights([[3, 4]])
    expect(rmsprop.slots.map(numbers)).toEqual([[0], [3, 4]])
    const adam = optimizers.adam()
    adam.build([p])
    adam.setWeights([array(7, 'float32'), [1, 2], [3, 4]])
    expect(adam.slots.map(numbers)).toEqual([[7], [1, 2], [3, 4]])
    expect(adam.getWeights().map(toNested)).toEqual([7, [1, 2], [3, 4], [0]])
  })

  test('a state that does not fit is refused whole', () => {
    const p = vectorOf(1, 2)
    const adam = optimizers.adam()
    adam.build([p])
    expect(() => adam.setWeights([5, [1, 2], [3, 4, 5]])).toThrow(/not the state of this optimiser/)
    expect(adam.slots.map(numbers)).toEqual([[0], [0, 0], [0, 0]])
  })
})

test('what a step cannot be made of is refused: other counts, other types, no shared variable', () => {
  const [p, q] = [vectorOf(1), vectorOf(1, 2)]
  expect(() => sgd([p], [p, q])).toThrow(/1 gradients for 2 parameters/)
  expect(() => sgd({ a: p }, { a: p, b: q })).toThrow(/1 gradients for 2 parameters/)
  expect(() => sgd([q, p], [p, q])).toThrow(/does not have the type of its parameter/)
  expect(() => sgd([constant([1])], [constant([1]) as never])).toThrow(/not a shared variable of floats/)
  expect(() => optimizers.adam().updates(loss(p), [shared(1, 'n', { dtype: 'int32' })])).toThrow(
    /not a shared variable of floats/,
  )
  expect(() => sgd(loss(p), [p], { learningRate: 'fast' as never })).toThrow(/sgd: learningRate/)
  expect(() => optimizers.sgd({ momentum: true as never })).toThrow(/sgd: momentum/)
})
