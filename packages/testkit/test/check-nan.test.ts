/** `check: 'nan'` names the first operation that made a NaN or an infinity, where it was written, and what it was made from. */
import { type BackendName, backends, compile } from '@arignote/compiler'
import {
  ArignoteError,
  dot,
  grad,
  ifElse,
  log,
  matrix,
  NumericError,
  randn,
  type Shared,
  scan,
  shared,
  softmax,
  tensor,
  type Value,
  type Variable,
  vector,
  where,
  zeros,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'

const x = vector('x', { shape: ['n'] })

function messageOf(f: () => unknown): string {
  try {
    f()
  } catch (error) {
    if (error instanceof ArignoteError) {
      expect(error).toBeInstanceOf(NumericError)
      return error.message.replace(/created at \S+\.test\.ts:\d+:\d+ +/, 'created at … ')
    }
    throw error
  }
  return 'nothing was thrown'
}

describe.each(Object.keys(backends) as BackendName[])('%s', backend => {
  const run = (inputs: readonly Variable[], outputs: Variable | readonly Variable[], ...args: Value[]) =>
    messageOf(() => compile(inputs, outputs, { check: 'nan', backend })(...args))

  test('the operation, its input and the range of that', () => {
    expect(run([x], log(x.mul(2)).add(1).exp(), [1, 0, 4])).toBe(
      [
        'log: it made the first infinity',
        '  x : f32[n]   (result of mul)',
        '  the result: 1 infinite of 3 elements, the first at [1]',
        '  x ranges over 0 … 8',
        '  created at … [E245]',
      ].join('\n'),
    )
  })

  test('a NaN of several in one kernel is that of the first operation', () => {
    const message = run([x], x.sqrt().add(1).log().mul(x).sum(), [1, -4])
    expect(message).toMatch(/^sqrt: it made the first NaN\n/)
    expect(message).toContain('x ranges over -4 … 1')
  })

  test('the line of the user', () => {
    const bad = log(x)
    const line = Number(/:(\d+):\d+$/.exec(bad.owner!.origins[0]!.place!)![1])
    try {
      compile([x], bad.neg(), { check: 'nan', backend })([-1])
    } catch (error) {
      expect((error as Error).message).toContain(`check-nan.test.ts:${line}:`)
    }
    expect.assertions(1)
  })

  test('in a scan, with the step', () => {
    const { h } = scan(({ x, h }) => ({ h: h.sub(x).sqrt() }), {
      sequences: { x },
      state: { h: 9 },
      name: 'walk',
    })
    const message = run([x], h.last, [0, 2, 4, 1])
    expect(message).toMatch(/^sqrt: it made the first NaN\n/)
    expect(message).toContain('in step 2 of walk')
  })

  test('in a gradient: the operation of the user that it is the gradient of', () => {
    const root = x.sqrt()
    const message = run([x], grad(root.sum(), x), [4, 0])
    expect(message).toMatch(/it made the first infinity/)
    const line = Number(/:(\d+):\d+$/.exec(root.owner!.origins[0]!.place!)![1])
    expect(() => compile([x], grad(root.sum(), x), { check: 'nan', backend })([4, 0])).toThrow(
      `check-nan.test.ts:${line}:`,
    )
  })

  test('in the branch that is taken only', () => {
    const y = ifElse(x.sum().gt(0), x.sqrt(), x)
    expect(run([x], y, [-1, -2])).toBe('nothing was thrown')
    expect(run([x], y, [3, -2])).toMatch(/^sqrt: it made the first NaN\n/)
  })

  test('an argument or a shared variable that has a NaN is named itself', () => {
    expect(run([x], x.mul(2), [1, Number.NaN])).toBe(
      [
        '"x": the value that is handed in has a NaN already',
        '  x : f32[n]   (input "x")',
        '  1 NaN of 2 elements, the first at [1]',
        '  created at … [E246]',
      ].join('\n'),
    )
    const W = shared([[1], [Number.NaN]], 'W')
    expect(run([x], dot(x, W), [1, 2])).toMatch(/^"W": the value that is handed in has a NaN already\n/)
  })

  test('an infinity that is meant passes, and what is well made of it', () => {
    const masked = where(x.gt(0), x, Number.NEGATIVE_INFINITY)
    expect(run([x], softmax(masked), [1, -1, 2])).toBe('nothing was thrown')
    expect(run([x], softmax(masked), [-1, -1])).toMatch(/it made the first NaN/)
  })

  test('integers, empty tensors and finite numbers are no matter', () => {
    const i = vector('i', 'int32')
    expect(run([i], i.floorDiv(0), [1, 2])).toBe('nothing was thrown')
    expect(run([x], x.log().sum(), [])).toBe('nothing was thrown')
  })

  test('nothing is committed, neither before nor after', () => {
    const states: Shared[] = [shared([1, 2], 'a'), shared([3, 4], 'b')]
    const [a, b] = states as [Shared, Shared]
    const f = compile([x], [], {
      updates: [
        [a, a.add(x)],
        [b, b.div(x)],
      ],
      check: 'nan',
      backend,
    })
    expect(() => f([1, 0])).toThrow('div: it made the first infinity')
    expect(states.map(v => [...v.getValue().data])).toEqual([
      [1, 2],
      [3, 4],
    ])
    f([1, 2])
    expect(states.map(v => [...v.getValue().data])).toEqual([
      [2, 4],
      [3, 2],
    ])
  })

  test('a matrix product that overflows', () => {
    const A = matrix('A', { shape: [2, 2] })
    const message = run([A], dot(A, A).add(1).tanh(), [
      [3e38, 3e38],
      [1, 1],
    ])
    expect(message).toMatch(/it made the first infinity/)
    expect(message).toMatch(/ranges over 1 … 3e\+38/)
  })
})

test('what is not asked for is not checked', () => {
  expect([...compile([x], log(x))([0, 1]).data]).toEqual([Number.NEGATIVE_INFINITY, 0])
  expect([...compile([x], log(x), { check: 'none' })([0, 1]).data]).toEqual([Number.NEGATIVE_INFINITY, 0])
})

test('a checked training function gives the very numbers of the other', () => {
  const X = tensor('X', { shape: ['time', 3] })
  const [none, ...others] = (['none', 'nan', 'debug'] as const).map(check => {
    const W = shared(randn([3, 3], { seed: 1 }), 'W')
    const { h } = scan(({ x, h }) => ({ h: dot(h, W).add(x).tanh() }), {
      sequences: { x: X },
      state: { h: zeros([3]) },
    })
    const loss = h.last.square().sum()
    const train = compile([X], loss, { updates: [[W, W.sub(grad(loss, W).mul(0.1))]], check })
    const data = randn([5, 3], { seed: 2 })
    return [...[1, 2, 3].map(() => train(data).data[0]), ...W.getValue().data]
  })
  for (const other of others) expect(other).toEqual(none)
})
