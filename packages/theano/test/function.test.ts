/** theano.shared, theano.function and random streams: keywords and what they do. */
import { array, toNested } from '@arignote/graph'
import { afterEach, describe, expect, test } from '@jest/globals'
import { In, MRG_RandomStreams, Out, RandomStreams, T, theano } from '../src/index.js'

const numbers = (x: unknown) => toNested(x as never)

afterEach(() => {
  theano.config.floatX = 'float32'
})

describe('shared', () => {
  test('get_value copies, with borrow it need not; set_value replaces', () => {
    const w = theano.shared([1, 2], 'w', { borrow: true })
    const copy = w.get_value({ borrow: false })
    w.set_value([3, 4], { borrow: true })
    expect([copy, w.get_value(), w.getValue()].map(numbers)).toEqual([
      [1, 2],
      [3, 4],
      [3, 4],
    ])
    expect(() => w.set_value([1, 2, 3])).toThrow(/shape/)
  })

  test('the name may stand among the keywords', () => {
    expect(theano.shared(0, { name: 'a' }).name).toBe('a')
    expect(theano.shared(0, 'b').name).toBe('b')
    expect(theano.shared(0).name).toBe(null)
  })

  test('numbers and lists are floatX, arrays what they are, all what is asked for', () => {
    theano.config.floatX = 'float64'
    const dtypes = [
      theano.shared(0),
      theano.shared([1]),
      theano.shared(Float32Array.of(1)),
      theano.shared(0, 'n', { dtype: 'int64' }),
    ]
    expect(dtypes.map(v => v.dtype)).toEqual(['float64', 'float64', 'float32', 'int32'])
  })

  test('axes may be left open', () => {
    const w = theano.shared([[1, 2]], 'w', { shape: [null, 2] })
    w.set_value([
      [1, 2],
      [3, 4],
    ])
    expect(w.get_value().shape).toEqual([2, 2])
  })

  test('a default update', () => {
    const n = theano.shared(0, 'n')
    n.default_update = n.add(1)
    const next = theano.function([], n)
    const still = theano.function([], n, { no_default_updates: true })
    expect([next(), next(), still(), still(), next()].map(numbers)).toEqual([0, 1, 2, 2, 2])
    expect(n.default_update).toBe(n.defaultUpdate)
  })
})

describe('function', () => {
  const [x, y] = [T.vector('x'), T.vector('y')]

  test('one output gives its value, a list a list, none an empty one', () => {
    expect(numbers(theano.function([x], x.sum())([1, 2]))).toBe(3)
    expect(
      theano
        .function(
          [x],
          [x.sum(), Out(x)],
        )([1, 2])
        .map(numbers),
    ).toEqual([3, [1, 2]])
    const w = theano.shared(0, 'w')
    const store = theano.function([x], [], { updates: [[w, x.sum()]] })
    expect([store([1, 2]), numbers(w.get_value())]).toEqual([[], 3])
    expect(theano.function([x], null, { updates: [[w, x.sum()]] })([1, 2])).toEqual([])
  })

  test('keywords alone', () => {
    const f = theano.function({ inputs: [x], outputs: x.mul(y), givens: [[y, x.add(1)]], name: 'f' })
    expect([numbers(f([1, 2])), f.name]).toEqual([[2, 6], 'f'])
  })

  test('updates and givens as pairs or maps', () => {
    const w = theano.shared(1, 'w')
    const f = theano.function([x], w.mul(x.sum()), {
      updates: new Map([[w, w.add(1)]]),
      givens: new Map([[x, x.mul(2)]]),
    })
    expect([f([1]), f([1])].map(numbers)).toEqual([2, 4])
  })

  test('In has a value for calls that leave it out', () => {
    const f = theano.function([x, In(y, { value: [10, 10] })], x.add(y))
    expect([f([1, 2]), f([1, 2], [0, 0])].map(numbers)).toEqual([
      [11, 12],
      [1, 2],
    ])
  })

  test('unused inputs', () => {
    expect(() => theano.function([x, y], x)).toThrow(/"y"/)
    expect(numbers(theano.function([x, y], x, { on_unused_input: 'ignore' })([1], [2]))).toEqual([1])
  })

  test.each(['FAST_RUN', 'FAST_COMPILE', 'DebugMode', 'NanGuardMode', { backend: 'reference' }] as const)(
    'mode %j',
    mode => {
      expect(numbers(theano.function([x], x.log(), { mode })([1]))).toEqual([0])
    },
  )

  test('NanGuardMode names what made the NaN', () => {
    expect(() => theano.function([x], x.log(), { mode: 'NanGuardMode' })([-1])).toThrow(/log/)
    expect(() => theano.function([x], x, { mode: 'FAST' as never })).toThrow(/FAST_RUN/)
  })

  test('what Theano has and has no effect here is taken; what it has not is refused', () => {
    const f = theano.function([x], x, { allow_input_downcast: true, accept_inplace: true })
    expect(numbers(f(array([1.5], 'float64')))).toEqual([1.5])
    expect(() => theano.function([x], x, { update: [] } as never)).toThrow(/did you mean "updates"/)
    expect(() => theano.function(x as never, x)).toThrow(/list of inputs/)
  })
})

describe('random streams', () => {
  test('arguments by position, in Theano’s order, or by keywords', () => {
    const [a, b] = [new RandomStreams(1), MRG_RandomStreams({ seed: 1 })]
    const draws = (random: typeof a, positional: boolean) =>
      positional
        ? [
            random.uniform([2], -1, 0),
            random.normal([2], 5, 0.1),
            random.binomial([2], 10, 0.5),
            random.random_integers([2], 3, 4),
          ]
        : [
            random.uniform({ size: [2], low: -1, high: 0 }),
            random.normal({ size: [2], avg: 5, std: 0.1 }),
            random.binomial({ size: [2], n: 10, p: 0.5 }),
            random.random_integers({ size: [2], low: 3, high: 4 }),
          ]
    const [one, other] = [draws(a, true), draws(b, false)].map(list =>
      theano.function([], list)().map(numbers),
    )
    expect(one).toEqual(other)
    const [uniform, normal, binomial, integers] = one as number[][]
    expect(uniform!.every(u => u >= -1 && u < 0)).toBe(true)
    expect(normal!.every(u => u > 4 && u < 6)).toBe(true)
    expect(binomial!.every(u => Number.isInteger(u) && u >= 0 && u <= 10)).toBe(true)
    expect(integers!.every(u => u === 3 || u === 4)).toBe(true)
  })

  test('without a size it is that of the parameters; the dtype is floatX, or asked for', () => {
    const random = new RandomStreams(1)
    const p = T.vector('p')
    expect(random.binomial({ p }).ndim).toBe(1)
    theano.config.floatX = 'float64'
    expect(
      [random.uniform([1]), random.binomial({ size: [1], dtype: 'floatX' }), random.binomial([1])].map(
        v => v.dtype,
      ),
    ).toEqual(['float64', 'float64', 'int32'])
  })

  test('each call draws anew, the same seed the same again; without default updates nothing moves on', () => {
    const random = new RandomStreams(234)
    const u = random.uniform([3])
    const f = theano.function([], u)
    const g = theano.function([], u, { no_default_updates: true })
    const [first, second, still, same] = [f(), f(), g(), g()].map(numbers)
    random.seed(234)
    expect(numbers(f())).toEqual(first)
    expect(second).not.toEqual(first)
    expect(still).toEqual(same)
  })

  test('choices, permutations, one-hot rows', () => {
    const random = new RandomStreams(3)
    const pvals = T.constant([
      [0, 1, 0],
      [0, 0, 1],
    ])
    const found = theano
      .function(
        [],
        [
          random.multinomial({ pvals }),
          random.multinomial({ n: 4, pvals }),
          random.permutation({ n: 4 }),
          random.choice({ size: [5], a: 3 }),
          random.choice({ size: [2], a: 3, p: T.constant([0, 0, 1]) }),
          random.choice({ size: [2], a: T.constant([7, 7]) }),
        ],
      )()
      .map(numbers) as number[][]
    expect(found[0]).toEqual([
      [0, 1, 0],
      [0, 0, 1],
    ])
    expect(found[1]).toEqual([
      [0, 4, 0],
      [0, 0, 4],
    ])
    expect([...found[2]!].sort()).toEqual([0, 1, 2, 3])
    expect(found[3]!.every(i => i >= 0 && i < 3)).toBe(true)
    expect([found[4], found[5]]).toEqual([
      [2, 2],
      [7, 7],
    ])
  })

  test('misspelt keywords', () => {
    const random = new RandomStreams(3)
    expect(() => random.normal({ mean: 0 } as never)).toThrow(/avg/)
    expect(() => random.uniform(3 as never)).toThrow(/the size is a list/)
  })
})
