/** Early exit: scans whose step says that it is the last one. */
import { compile, type PrintEvent } from '@arignote/compiler'
import {
  arange,
  array,
  assert,
  concatenate,
  constant,
  dim,
  grad,
  log,
  matrix,
  type NdArray,
  print,
  scalar,
  scan,
  shared,
  specifyShape,
  square,
  sum,
  until,
  type Variable,
  vector,
  zeros,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree, modes } from '../src/index.js'

const flat = (x: { readonly data: ArrayLike<number> }) => Array.from(x.data)

describe.each(['float32', 'float64'] as const)('early exit, %s', dtype => {
  const limit = scalar('limit', dtype)
  const doubling = (steps: number | Variable) =>
    scan(({ x }) => until(x.mul(2).ge(limit), { x: x.mul(2) }), {
      state: { x: constant(1, dtype) },
      steps,
    }).x

  test('stops after the step that makes the condition true, and that step counts', () => {
    const { all, last } = doubling(50)
    const [every, final, count] = agree([limit], [all, last, dim(all, 0)], [45])
    expect(flat(every!)).toEqual([2, 4, 8, 16, 32, 64])
    expect(flat(final!)).toEqual([64])
    expect(flat(count!)).toEqual([6])
  })

  test.each([
    ['true at the first step', 1, [2]],
    ['never true', 1e6, [2, 4, 8, 16, 32]],
  ])('the condition is %s', (_, bound, expected) => {
    const { all, last } = doubling(5)
    const [every, final] = agree([limit], [all, last], [bound])
    expect(flat(every!)).toEqual(expected)
    expect(flat(final!)).toEqual(expected.slice(-1))
  })

  test.each([
    ['number', 1],
    ['rows of a sequence', vector('one', { dtype, shape: [1] })],
  ] as const)('with one step at most, by a %s, there is one', (_, given) => {
    const sequences = typeof given === 'number' ? {} : { s: given }
    const { x, y } = scan(({ x }) => until(x.ge(limit), { x: x.mul(2), y: x.add(1) }), {
      sequences,
      state: { x: constant(1, dtype) },
      ...(typeof given === 'number' ? { steps: given } : {}),
    })
    const inputs = [limit, ...(typeof given === 'number' ? [] : [given])]
    const values = [0, ...(typeof given === 'number' ? [] : [[7]])]
    const results = agree(inputs, [x.all, x.last, y.all, y.last, dim(x.all, 0)], values)
    expect(results.map(flat)).toEqual([[2], [2], [2], [2], [1]])
  })

  test('with no step at most, all is empty and last the initial state', () => {
    const n = scalar('n', 'int32')
    const { all, last } = doubling(n)
    const [every, final] = agree([limit, n], [all, last], [9, 0], {
      further: [
        [9, 3],
        [9, 7],
      ],
    })
    expect(every!.shape).toEqual([4])
    expect(flat(final!)).toEqual([16])
    const none = agree([limit, n], [all, last], [9, 0])
    expect(none[0]!.shape).toEqual([0])
    expect(flat(none[1]!)).toEqual([1])
  })

  test.each([false, true])('walks over sequences, with outputs that are no states; reverse: %s', reverse => {
    const x = matrix('x', { dtype, shape: ['time', 3] })
    const r = scan(
      ({ x, total }) => {
        const next = total.add(sum(x))
        return until(next.gt(limit), { total: next, row: x.mul(2) })
      },
      { sequences: { x }, state: { total: constant(0, dtype) }, reverse },
    )
    const values = [1, 2, 3, 4, 5].flatMap(v => [[v, v, v]])
    const out = agree([x, limit], [r.total.all, r.total.last, r.row.all, r.row.last], [values, 10])
    const visited = reverse ? [5] : [1, 2, 3]
    expect(flat(out[2]!)).toEqual(visited.flatMap(v => [2 * v, 2 * v, 2 * v]))
    expect(flat(out[3]!)).toEqual(visited.slice(-1).flatMap(v => [2 * v, 2 * v, 2 * v]))
    expect(flat(out[0]!)).toEqual(reverse ? [15] : [3, 9, 18])
  })
})

describe('early exit and what happens inside', () => {
  const limit = scalar('limit')
  const start = scalar('start')
  const loop = () =>
    scan(
      ({ x }) => {
        const next = print(x.mul(2), 'x')
        return until(next.ge(limit), { x: next, y: next.add(1) })
      },
      { state: { x: start }, steps: 9, name: 'doubling' },
    )

  test.each(modes)('no step is made twice, and prints tell their steps: $name', ({ options }) => {
    const seen: (readonly [number, number])[] = []
    const onPrint = ({ value, steps }: PrintEvent) => seen.push([steps[0]!.step, value.data[0] as number])
    const { x, y } = loop()
    const f = compile([start, limit], [x.all, y.last, y.all.sum()], { ...options, onPrint })
    expect(flat(f(1, 7)[0]!)).toEqual([2, 4, 8])
    expect(seen).toEqual([
      [0, 2],
      [1, 4],
      [2, 8],
    ])
    seen.length = 0
    expect(f(1, 3).map(flat)).toEqual([[2, 4], [5], [8]])
    expect(seen).toEqual([
      [0, 2],
      [1, 4],
    ])
  })

  test.each(modes.filter(({ options }) => options.optimize))(
    'with its gradient the loop runs once: $name',
    ({ options }) => {
      const seen: number[] = []
      const onPrint = ({ value }: PrintEvent) => seen.push(value.data[0] as number)
      const { x } = loop()
      const cost = square(x.all).sum()
      const f = compile([start, limit], [cost, grad(cost, start)], { ...options, onPrint })
      expect(f(1, 7).map(flat)).toEqual([[84], [2 * (4 + 16 + 64)]])
      expect(seen).toEqual([2, 4, 8])
    },
  )

  test.each(modes)('an assertion names the step in which it fails: $name', ({ options }) => {
    const { x } = scan(({ x }) => until(x.ge(limit), { x: assert(x.mul(2), x.lt(10), 'x is small') }), {
      state: { x: start },
      steps: 9,
      name: 'doubling',
    })
    const f = compile([start, limit], x.all, options)
    expect(flat(f(1, 3))).toEqual([2, 4, 8])
    expect(() => f(1, 99)).toThrow(/x is small[\s\S]*step 4 of doubling/)
  })

  test.each(['wasm', 'js', 'reference'] as const)('check: nan names the step: %s', backend => {
    const { x } = scan(({ x }) => until(x.gt(limit), { x: log(x).add(1) }), {
      state: { x: start },
      steps: 9,
      name: 'logs',
    })
    const f = compile([start, limit], [x.all, x.all.mul(2)], { backend, check: 'nan' })
    expect(flat(f(8, 5)[0]!)).toHaveLength(1)
    expect(() => f(-1, 5)).toThrow(/step 0 of logs/)
  })

  test('profiles count the steps that were made', () => {
    const { x } = scan(({ x }) => until(x.ge(limit), { x: x.mul(2) }), { state: { x: start }, steps: 50 })
    const f = compile([start, limit], x.all, { profile: true })
    f(1, 7)
    expect(Math.max(...f.profile().kernels.map(kernel => kernel.calls))).toBe(4)
  })

  test('what does not fit the number of steps fails before anything is set', () => {
    const v = vector('v')
    const w = shared([1, 2, 3], 'w')
    const { x } = scan(({ x }) => until(x.ge(limit), { x: x.mul(2) }), { state: { x: start }, steps: 9 })
    for (const { options } of modes) {
      w.setValue([1, 2, 3])
      const total = specifyShape(x.all, [v.shape[0]!]).mul(v).sum()
      const f = compile([start, limit, v], [total, x.all], { ...options, updates: [[w, w.mul(2)]] })
      expect(flat(f(1, 3, [1, 1, 1])[0]!)).toEqual([14])
      expect(flat(w.getValue())).toEqual([2, 4, 6])
      expect(() => f(1, 99, [1, 1, 1])).toThrow(expect.objectContaining({ code: 'E225' }))
      expect(() => f.into([constantArray(1), constantArray(2)] as never, 1, 3, [1, 1, 1])).toThrow()
      expect(flat(w.getValue())).toEqual([2, 4, 6])
    }
  })

  test('sizes that follow from the number of steps, one after the other', () => {
    const { x } = scan(({ x }) => until(x.ge(limit), { x: x.mul(2) }), { state: { x: start }, steps: 20 })
    const n = dim(x.all, 0)
    const again = scan(({ y, k }) => until(y.add(k).gt(9), { y: y.add(k) }), {
      sequences: { k: arange(n).cast('float32') },
      state: { y: constant(0) },
    }).y
    const twice = zeros([dim(again.all, 0).mul(2)]).add(1)
    const outputs = [x.all, again.all, twice, arange(n.add(1)), concatenate([x.all, again.all], 0)]
    const result = agree([start, limit], outputs, [1, 7], {
      further: [
        [1, 5000],
        [1, 1],
        [1, 40],
        [1, 7],
      ],
    })
    expect(flat(result[0]!)).toEqual([2, 4, 8, 16].slice(0, 4))
    expect(flat(result[1]!)).toEqual([0, 1, 3, 6])
    expect(flat(result[2]!)).toEqual(new Array(8).fill(1))
  })

  // What should come is known: evaluating a history of a million numbers node by node takes many times as long as all the rest.
  test.each(modes.filter(({ options }) => options.backend !== 'reference'))(
    'a large history that is longer in the next call: $name',
    ({ options }) => {
      const width = 1000
      const v = vector('v', { shape: [width] })
      const { x } = scan(({ x }) => until(x.max().ge(limit), { x: x.add(v) }), {
        state: { x: v },
        steps: 400,
      })
      const f = compile([v, limit], [x.all.mul(2), x.all.sum(0)], options)
      for (const n of [3, 150, 10, 300, 300]) {
        const [twice, sums] = f(new Float32Array(width).fill(1), n) as [NdArray, NdArray]
        expect([twice.shape, sums.shape]).toEqual([[n, width], [width]])
        const isWrong = (value: number, k: number) => value !== 2 * (2 + Math.floor(k / width))
        expect((twice.data as Float32Array).findIndex(isWrong)).toBe(-1)
        expect(new Set(flat(sums))).toEqual(new Set([((n + 1) * (n + 2)) / 2 - 1]))
      }
    },
  )
})

const constantArray = (n: number) => array(new Float32Array(n))
