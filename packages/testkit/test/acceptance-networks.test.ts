/** Small networks, whole: options of a recurrent layer that must not matter, and learning. */
import { compile } from '@arignote/compiler'
import {
  crossentropyCategoricalSparse,
  dot,
  grad,
  matrix,
  mean,
  randn,
  relu,
  type Shared,
  scan,
  shared,
  square,
  sum,
  tanh,
  tensor,
  toNested,
  type Variable,
  vector,
  where,
  zeros,
  zerosArray,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { sample as gru } from '../samples/gru-reset-before/graph.js'
import { sample as lstm } from '../samples/lstm/graph.js'
import { modes } from '../src/agree.js'
import { close, random, run, ways } from './scan-cases.js'

describe.each(ways)('a recurrent layer, $name', way => {
  const { dtype } = way
  const x = tensor('x', { dtype, shape: [4, 'batch', 3] })
  const [W, U] = [matrix('W', { dtype, shape: [3, 5] }), matrix('U', { dtype, shape: [5, 5] })]
  const h0 = vector('h0', { dtype, shape: [5] })
  const mask = matrix('mask', { dtype, shape: [4, 'batch'] })
  const inputs = [x, W, U, h0, mask]
  const values = [
    random(1, 4, 2, 3),
    random(2, 3, 5),
    random(3, 5, 5),
    random(4, 5),
    [
      [1, 1],
      [1, 0],
      [0, 1],
      [1, 0],
    ],
  ]
  const start = zeros([x.dim(1), 5], dtype).add(h0) as Variable

  interface Options {
    readonly reverse?: boolean
    readonly unroll?: number | true
    readonly masked?: boolean
    /** The products with W before the loop, or in each step. */
    readonly early?: boolean
  }

  function layer({ reverse = false, unroll = 1, masked = false, early = false }: Options) {
    const projected = early ? dot(x, W) : x
    const { h } = scan(
      ({ x, m, h }) => {
        const next = tanh((early ? (x as Variable) : dot(x as Variable, W)).add(dot(h, U)))
        return { h: (masked ? where((m as Variable).expandDims(1).gt(0), next, h) : next) as never }
      },
      {
        sequences: { x: projected as never, m: mask as never },
        state: { h: start as never },
        reverse,
        unroll,
      },
    )
    const wrt = [x, W, U, h0]
    return [h.all, h.last, ...grad(sum(square(h.all)), wrt)] as Variable[]
  }

  test.each([
    { reverse: false, masked: false },
    { reverse: true, masked: false },
    { reverse: false, masked: true },
    { reverse: true, masked: true },
  ])('written out or not, projected early or late, is the same: %o', options => {
    const expected = run(way, inputs, layer(options), values)
    for (const other of [
      { unroll: true },
      { unroll: 2 },
      { early: true },
      { early: true, unroll: true },
    ] as const)
      close(way, run(way, inputs, layer({ ...options, ...other }), values), expected)
  })

  test('in reverse is the layer over the flipped sequence', () => {
    const turned = [...(values[0] as unknown as number[][][])].reverse()
    const [all] = run(way, inputs, layer({ reverse: true }), values) as number[][][]
    const [flipped] = run(way, inputs, layer({}), [turned, ...values.slice(1)]) as number[][][]
    close(way, all!, [...flipped!].reverse())
  })

  test('a masked step leaves the state as it is', () => {
    const [all] = run(way, inputs, layer({ masked: true }), values) as number[][][]
    expect([all![1]![1], all![2]![0]]).toEqual([all![0]![1], all![1]![0]])
  })
})

describe.each(modes)('$name', ({ options }) => {
  test('a perceptron tells three classes apart', () => {
    const [x, y] = [matrix('x', { shape: ['batch', 2] }), vector('y', 'int32')]
    const layers = [8, 3].map((units, i) => ({
      W: shared(randn([i === 0 ? 2 : 8, units], { seed: i, std: 0.5 }), `W${i}`),
      b: shared(zerosArray([units]), `b${i}`),
    }))
    const logits = dot(relu(dot(x, layers[0]!.W).add(layers[0]!.b)), layers[1]!.W).add(layers[1]!.b)
    const loss = mean(crossentropyCategoricalSparse(logits, y, { fromLogits: true }))
    const parameters: Shared[] = layers.flatMap(({ W, b }) => [W, b])
    const gradients = grad(loss, parameters)
    const updates = parameters.map((p, i) => [p, p.sub(gradients[i]!.mul(0.5))] as const)
    const train = compile([x, y], loss, { ...options, updates })
    const points = toNested(randn([60, 2], { seed: 9 })) as number[][]
    const labels = points.map(([a, b]) => (a! > 0.3 ? 0 : b! > 0 ? 1 : 2))
    for (let i = 0; i < 200; i++) train(points, labels)
    const found = toNested(compile([x], logits.argmax(1), options)(points)) as number[]
    expect(found.filter((label, i) => label === labels[i]).length).toBeGreaterThan(54)
  })

  test.each([
    ['LSTM', lstm],
    ['GRU', gru],
  ])('an %s lowers its loss', (_, sample) => {
    const { inputs, outputs, updates = [], args } = sample()
    const train = compile(inputs, outputs as Variable, { ...options, updates })
    const first = train(...args).data[0]!
    for (let i = 0; i < 30; i++) train(...args)
    expect(train(...args).data[0]).toBeLessThan(first)
  })
})
