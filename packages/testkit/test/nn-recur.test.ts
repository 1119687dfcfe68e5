/** What recur and cells promise beside the numbers of Keras. */
import { compile, verifyGrad } from '@arignote/compiler'
import {
  array,
  concatenate,
  constant,
  div,
  dot,
  grad,
  matrix,
  mean,
  mul,
  ones,
  randn,
  type Shared,
  shared,
  sigmoid,
  sqrt,
  square,
  sub,
  type Tensor,
  tanh,
  tensor3,
  toNested,
  type Variable,
  zerosArray,
} from '@arignote/graph'
import {
  gruCell,
  learnedState,
  lstmCell,
  plainContext,
  type RecurOptions,
  type RecurrentCell,
  recur,
  rnnCell,
  stackCells,
} from '@arignote/nn'
import { describe, expect, test } from '@jest/globals'
import { worstDifference } from '../src/golden.js'

const sizes = { inputSize: 3, units: 4, dtype: 'float64', seed: 1 } as const
const x = constant(randn([2, 5, 3], { seed: 2, dtype: 'float64' })) as Tensor<'float64', 3>
const value = (v: Variable) => toNested(compile([], v)())
const all = Object.values

/** A minimal gated unit (Zhou et al. 2016), written as a user would. */
function minimalCell(): RecurrentCell<'float64'> {
  const params = {
    kernel: shared(randn([3, 8], { seed: 3, std: 0.5, dtype: 'float64' }), 'mgu.kernel') as Shared<
      'float64',
      2
    >,
    recurrentKernel: shared(
      randn([4, 8], { seed: 4, std: 0.5, dtype: 'float64' }),
      'mgu.recurrent',
    ) as Shared<'float64', 2>,
  }
  return {
    name: 'mgu',
    dtype: 'float64',
    params,
    inputSize: 3,
    units: 4,
    stateSizes: [4],
    masks: 0,
    step(x, [h], { clip = plainContext.clip } = {}) {
      const z = clip(dot(x, params.kernel))
      const f = sigmoid(
        z.slice(null, { stop: 4 }).add(dot(h!, params.recurrentKernel.slice(null, { stop: 4 }))),
      )
      const kept = mul(f, h!)
      const g = tanh(
        z.slice(null, { start: 4 }).add(dot(kept, params.recurrentKernel.slice(null, { start: 4 }))),
      )
      return [sub(h!, kept).add(mul(f, g)) as Tensor<'float64', 2>]
    },
  }
}

describe('recur', () => {
  test('takes any batch and any time, none too', () => {
    const cell = lstmCell({ inputSize: 3, units: 4, seed: 1 })
    const x = tensor3('x', { shape: ['batch', 'time', 3] })
    const { outputs, output, last } = recur(cell, x)
    const run = compile([x], [outputs, output, ...last])
    for (const [batch, time] of [
      [2, 5],
      [1, 1],
      [3, 0],
    ] as const) {
      const results = run(randn([batch, time, 3], { seed: 1 }))
      expect(results.map(r => [...r.shape])).toEqual([
        [batch, time, 4],
        [batch, 4],
        [batch, 4],
        [batch, 4],
      ])
      if (time > 0) expect(results[1]!.get(0, 3)).toBe(results[0]!.get(0, time - 1, 3))
      else expect([...results[1]!.data]).toEqual(Array(12).fill(0))
    }
  })

  test('what x holds where the mask is 0 has no influence, nor has NaN there', () => {
    const cell = gruCell(sizes)
    const mask = constant([
      [0, 0, 1, 1, 0],
      [1, 0, 1, 1, 1],
    ])
    const run = (hidden: number) => {
      const shown = randn([2, 5, 3], { seed: 5, dtype: 'float64' })
      for (const [b, t] of [
        [0, 0],
        [0, 1],
        [0, 4],
        [1, 1],
      ] as const)
        for (let k = 0; k < 3; k++) shown.set(b, t, k, hidden)
      const x = shared(shown, 'x') as Shared<'float64', 3>
      const { outputs } = recur(cell, x, { mask })
      return compile([], [outputs, ...grad(outputs.square().sum(), [x, ...all(cell.params)])])().map(toNested)
    }
    const plain = run(0)
    expect(plain.flat(9).every(Number.isFinite)).toBe(true)
    expect(run(Number.NaN)).toEqual(plain)
    expect(run(1e300)).toEqual(plain)
  })

  test('a mask of bools is as good as one of numbers', () => {
    const cell = rnnCell(sizes)
    const ids = constant([
      [0, 7, 3, 0, 1],
      [5, 5, 0, 0, 0],
    ])
    const both = [ids, ids.neq(0)].map(mask => value(recur(cell, x, { mask }).outputs))
    expect(both[0]).toEqual(both[1])
  })

  test('in reverse it visits from the end, and outputs stay where their inputs are', () => {
    const cell = rnnCell(sizes)
    const { outputs, output } = recur(cell, x, { reverse: true })
    const forward = recur(cell, x.flip(1) as Tensor<'float64', 3>).outputs.flip(1)
    expect(worstDifference(value(outputs), value(forward))).toBe(0)
    expect(value(output)).toEqual(value(outputs.slice(null, 0)))
  })

  test('gradClip bounds what flows back at every step', () => {
    const cell = rnnCell({ ...sizes, activation: 'linear' })
    const felt = (gradClip: number | null) => {
      const { output } = recur(cell, x, { gradClip })
      return compile([], grad(output.mul(100).sum(), cell.params['bias']!))().data
    }
    // Five steps, two rows, each at most 0.1.
    for (const g of felt(0.1)) expect(Math.abs(g)).toBeLessThanOrEqual(5 * 2 * 0.1 + 1e-12)
    expect(Math.max(...[...felt(null)].map(Math.abs))).toBeGreaterThan(100)
    expect([...felt(1e9)]).toEqual([...felt(null)])
  })

  test.each([
    ['lstm', () => lstmCell(sizes)],
    ['gru', () => gruCell(sizes)],
    ['gru, reset after', () => gruCell({ ...sizes, resetAfter: true })],
    ['a cell of my own', minimalCell],
  ] as const)('gradClip leaves values, and gradients that are small, as they are: %s', (_, make) => {
    const cell = make() as RecurrentCell<'float64'>
    const run = (gradClip: number | null) => {
      const { output } = recur(cell, x, { gradClip })
      return compile([], [output, ...grad(output.sum(), all(cell.params))])().map(toNested)
    }
    expect(worstDifference(run(100), run(null))).toBe(0)
    expect(worstDifference(run(0.01)[0], run(null)[0])).toBe(0)
    expect(worstDifference(run(0.01)[1], run(null)[1])).toBeGreaterThan(1e-3)
  })

  test('truncate cuts gradients, not values', () => {
    const cell = rnnCell(sizes)
    const x = shared(randn([2, 5, 3], { seed: 2, dtype: 'float64' }), 'x') as Shared<'float64', 3>
    const { output } = recur(cell, x, { truncate: { last: 2 } })
    const [cut, whole] = [output, recur(cell, x).output].map(v => grad(v.sum(), x))
    expect(value(output)).toEqual(value(recur(cell, x).output))
    expect(value(cut!.slice(null, { stop: 3 }).abs().sum())).toBe(0)
    expect(value(cut!.slice(null, { start: 3 }))).toEqual(value(whole!.slice(null, { start: 3 })))
  })

  test.each(['none', 'step', { every: 2 }] as const)(
    'remat leaves values and gradients as they are: %j',
    remat => {
      const cell = lstmCell(sizes)
      const run = (options: RecurOptions<'float64'>) => {
        const { outputs } = recur(cell, x, options)
        return compile([], grad(outputs.square().sum(), all(cell.params)))().map(toNested)
      }
      expect(worstDifference(run({ remat }), run({}))).toBeLessThan(1e-12)
      expect(() => recur(cell, x, { remat: 'steps' as never })).toThrow(/remat cannot be 'steps'/)
    },
  )

  test('an initial state is learned where it is a shared variable', () => {
    const cell = lstmCell(sizes)
    const initialState = learnedState(cell, { initializer: 'glorotUniform', seed: 3 })
    const target = ones([2, 4], 'float64')
    const loss = mean(square(recur(cell, x, { initialState }).output.sub(target)))
    const gradients = grad(loss, initialState)
    const train = compile([], loss, {
      updates: initialState.map((s, i) => [s, s.sub(gradients[i]!)] as const),
    })
    const losses = Array.from({ length: 50 }, () => train().data[0]!)
    expect(losses.at(-1)!).toBeLessThan(0.9 * losses[0]!)
    expect(initialState.map(s => s.name)).toEqual(['lstm.initial0', 'lstm.initial1'])
  })

  test('a cell of my own has masks, directions and stacks for nothing', () => {
    const mask = constant([
      [0, 0, 1, 1, 1],
      [1, 1, 1, 0, 0],
    ])
    const { outputs } = recur(minimalCell(), x, { mask })
    const found = value(outputs) as number[][][]
    expect(found[0]!.slice(0, 2).flat()).toEqual(Array(8).fill(0))
    expect(found[1]![4]).toEqual(found[1]![2])
    const stack = stackCells([minimalCell(), gruCell({ ...sizes, inputSize: 4 })])
    expect(recur(stack, x).last).toHaveLength(2)
    expect(Object.keys(stack.params)[0]).toBe('0.kernel')
  })

  test('a stack takes a mask for dropout for each of its cells', () => {
    const [lower, upper] = [rnnCell(sizes), rnnCell({ ...sizes, inputSize: 4, seed: 2 })]
    const masks = [3, 4].map((n, i) => constant(randn([1, 2, n], { seed: 7 + i, dtype: 'float64' })))
    const stacked = recur(stackCells([lower, upper]), x, {
      dropoutMask: masks,
      recurrentDropoutMask: [null, masks[1]!],
    }).outputs
    const below = recur(lower, x, { dropoutMask: masks[0]! }).outputs
    const apart = recur(upper, below, { dropoutMask: masks[1]!, recurrentDropoutMask: masks[1]! }).outputs
    expect(worstDifference(value(stacked), value(apart))).toBeLessThan(1e-12)
  })
})

describe('variants of the LSTM', () => {
  const h = constant(randn([2, 4], { seed: 5, dtype: 'float64' })) as Tensor<'float64', 2>
  const c = constant(randn([2, 4], { seed: 6, dtype: 'float64' })) as Tensor<'float64', 2>
  const row = constant(randn([2, 3], { seed: 7, dtype: 'float64' })) as Tensor<'float64', 2>
  const fill = (cell: RecurrentCell) => {
    for (const [k, p] of all(cell.params).entries())
      p.setValue(randn(p.cell.shape, { seed: 10 + k, dtype: 'float64' }))
  }
  const gate = (z: Variable, k: number) => z.slice(null, { start: 4 * k, stop: 4 * k + 4 })

  test('peepholes: the gates see the cell state, the output gate the new one', () => {
    const cell = lstmCell({ ...sizes, peepholes: true })
    fill(cell)
    const { kernel, recurrentKernel, bias, peepholes } = cell.params
    const z = dot(row, kernel).add(dot(h, recurrentKernel)).add(bias!)
    const i = sigmoid(gate(z, 0).add(peepholes!.at(0).mul(c)))
    const f = sigmoid(gate(z, 1).add(peepholes!.at(1).mul(c)))
    const next = f.mul(c).add(i.mul(tanh(gate(z, 2))))
    const o = sigmoid(gate(z, 3).add(peepholes!.at(2).mul(next)))
    const [h1, c1] = cell.step(row, [h, c]).map(value)
    expect(worstDifference([h1, c1], [value(o.mul(tanh(next))), value(next)])).toBeLessThan(1e-12)
  })

  test('layer normalisation: what comes from the input, the state and the cell state is normalised', () => {
    const cell = lstmCell({ ...sizes, layerNormalization: true, epsilon: 1e-3 })
    fill(cell)
    const { kernel, recurrentKernel, bias, kernelGain, recurrentGain, cellGain, cellShift } = cell.params
    const normal = (v: Variable) => {
      const apart = v.sub(mean(v, 1, { keepdims: true }))
      return div(apart, sqrt(mean(square(apart), 1, { keepdims: true }).add(1e-3)))
    }
    const z = normal(dot(row, kernel))
      .mul(kernelGain!)
      .add(normal(dot(h, recurrentKernel)).mul(recurrentGain!))
      .add(bias!)
    const [i, f, g, o] = [0, 1, 2, 3].map(k => (k === 2 ? tanh : sigmoid)(gate(z, k))) as [
      Variable,
      Variable,
      Variable,
      Variable,
    ]
    const next = f.mul(c).add(i.mul(g))
    const shown = normal(next).mul(cellGain!).add(cellShift!)
    const [h1, c1] = cell.step(row, [h, c]).map(value)
    expect(worstDifference([h1, c1], [value(o.mul(tanh(shown))), value(next)])).toBeLessThan(1e-12)
  })

  test.each(['peepholes', 'layerNormalization'])('%s: gradients are those of differences', name => {
    const cell = lstmCell({ ...sizes, [name]: true })
    fill(cell)
    verifyGrad(
      x =>
        recur(cell, x as never)
          .outputs.square()
          .sum(),
      [randn([2, 3, 3], { seed: 8, dtype: 'float64' })],
    )
  })
})

describe('the weights of a cell', () => {
  test('are decided by the seed', () => {
    const kernels = [1, 1, 2].map(seed => toNested(lstmCell({ ...sizes, seed }).params.kernel.getValue()))
    expect(kernels[0]).toEqual(kernels[1])
    expect(kernels[0]).not.toEqual(kernels[2])
  })
  test('begin with an open forget gate', () => {
    expect([...lstmCell(sizes).params['bias']!.getValue().data]).toEqual(
      [0, 1, 0, 0].flatMap(b => Array(4).fill(b)),
    )
    expect([...lstmCell({ ...sizes, unitForgetBias: false }).params['bias']!.getValue().data]).toEqual(
      Array(16).fill(0),
    )
  })
  test('may be those of another cell', () => {
    const first = gruCell(sizes)
    const second = gruCell({ ...sizes, params: first.params, seed: 9 })
    expect(second.params).toEqual(first.params)
    expect(value(recur(second, x).output)).toEqual(value(recur(first, x).output))
  })
  test('are named after the cell, in the order of Keras', () => {
    const { params } = gruCell({ ...sizes, name: 'encoder' })
    expect(all(params).map(p => p.name)).toEqual([
      'encoder.kernel',
      'encoder.recurrentKernel',
      'encoder.bias',
    ])
  })
})

describe('what a cell cannot do is told by its name', () => {
  test('options', () => {
    expect(() => lstmCell({ inputSize: 3, unit: 4 } as never)).toThrow(/did you mean "units"\?/)
    expect(() => lstmCell({ units: 4 } as never)).toThrow(/lstmCell: no inputSize/)
    expect(() => gruCell({ ...sizes, units: 2.5 })).toThrow(/gruCell: units is the number 2.5/)
    expect(() => gruCell({ ...sizes, recurrentActivation: 'sigmoyd' })).toThrow(/did you mean "sigmoid"\?/)
    expect(() => lstmCell({ ...sizes, implementation: 0 as never })).toThrow(/implementation is the number 0/)
    expect(() => rnnCell({ ...sizes, dtype: 'int32' as never })).toThrow(/a cell of int32/)
    expect(() => rnnCell({ ...sizes, resetAfter: true } as never)).toThrow(/no option "resetAfter"/)
  })
  test('integers where floats belong', () => {
    const ids = tensor3('ids', { dtype: 'int32', shape: [2, 5, 3] })
    expect(() => recur(rnnCell(sizes), ids as never)).toThrow(/cast it: cast\(x, 'float64'\)\n/)
    const floats = tensor3('x', { shape: [2, 5, 3] })
    expect(() => recur(rnnCell(sizes), floats as never)).toThrow(
      /or make the cell with \{ dtype: 'float32' \}/,
    )
  })
  test('weights with a name that there is not', () => {
    const { kernel, recurrentKernel } = rnnCell(sizes).params
    expect(() => rnnCell({ ...sizes, params: { kernel, recurrentKernel, bia: kernel } })).toThrow(
      /did you mean "bias"\?/,
    )
  })
  test('sequences that arrive with another size', () => {
    const cell = rnnCell({ inputSize: 3, units: 4, seed: 1 })
    const any = tensor3('any')
    const run = compile([any], recur(cell, any).output)
    expect(() => run(zerosArray([2, 5, 4]))).toThrow(/E225/)
    expect(() => recur(cell, matrix('m') as never)).toThrow(/the cell takes \(batch, time, 3\)/)
  })
  test('a step that returns something else', () => {
    const cell = rnnCell(sizes)
    const bad = (step: unknown) => () => recur({ ...cell, step } as never, x)
    expect(bad(() => [])).toThrow(/what step returns has 0 states, not 1/)
    expect(bad((x: Variable) => [x])).toThrow(/what step returns\[0\] has the shape/)
    expect(bad(() => 3)).toThrow(/what step returns is the number 3/)
  })
  test('merging and options of recur', () => {
    expect(() => recur(rnnCell(sizes), x, { masks: null } as never)).toThrow(/did you mean "mask"\?/)
    expect(() => recur(rnnCell(sizes), x, { gradClip: -1 })).toThrow(/gradClip is the number -1/)
    expect(() => recur(rnnCell(sizes), concatenate([x, x], 1), { mask: ones([2, 3]) })).toThrow(
      /here \(2, 10\)/,
    )
    expect(() => recur(rnnCell(sizes), array([1]) as never)).toThrow(/E042/)
  })
})
