/** Loops that were cut up, into segments or trips of several steps: people are told of the steps of the whole. */
import { type BackendName, backends, compile, type PrintEvent } from '@arignote/compiler'
import {
  assert,
  constant,
  grad,
  print,
  scalar,
  scan,
  square,
  sum,
  take,
  toNested,
  vector,
} from '@arignote/graph'
import { exportFunction, loadFunction } from '@arignote/save'
import { describe, expect, test } from '@jest/globals'

const modes = (Object.keys(backends) as BackendName[]).flatMap(backend =>
  [true, false].map(optimize => ({ backend, optimize })),
)
const x = vector('x', { shape: ['time'] })

describe.each(modes)('$backend, optimised $optimize', options => {
  /** What is told of a call that fails. */
  function failure(work: () => unknown): string {
    try {
      work()
    } catch (error) {
      return (error as Error).message
    }
    throw new Error('it did not fail')
  }

  const asserting = (more: object) => {
    const step = ({ x, h }: { x: typeof x0; h: typeof x0 }) => ({
      h: h.mul(0.5).add(assert(x, x.lt(10), 'x is small')),
    })
    return scan(step as never, { sequences: { x }, state: { h: 0 }, name: 'walk', ...more }) as never as {
      h: { last: typeof x0 }
    }
  }
  const x0 = scalar('x0')
  const bad = (at: number, of = 8) => Array.from({ length: of }, (_, i) => (i === at ? 99 : 1))

  test.each([0, 2, 3, 4, 5, 6, 7])('an assertion in step %i of segments of three', at => {
    const f = compile([x], asserting({ remat: { every: 3 } }).h.last, options)
    expect(failure(() => f(bad(at)))).toContain(`in step ${at} of walk (`)
  })

  test('in reverse steps count as they are visited', () => {
    const f = compile([x], asserting({ remat: { every: 3 }, reverse: true }).h.last, options)
    for (const at of [0, 1, 2, 4, 7])
      expect(failure(() => f(bad(7 - at)))).toContain(`in step ${at} of walk (`)
  })

  test('in segments of a length that is told by the call, of one step too', () => {
    const k = scalar('k', 'int32')
    const f = compile([k, x], asserting({ remat: { every: k } }).h.last, options)
    for (const every of [1, 2, 5, 20])
      expect(failure(() => f(every, bad(5)))).toContain('in step 5 of walk (')
  })

  test('of trips of several steps those that it can be are told', () => {
    const f = compile([x], asserting({ unroll: 3 }).h.last, options)
    expect(failure(() => f(bad(4)))).toContain('in one of the steps 3 to 5 of walk (')
    expect(failure(() => f(bad(7)))).toContain('in step 7 of walk (')
    const both = compile([x], asserting({ remat: { every: 5 }, unroll: 2 }).h.last, options)
    expect(failure(() => both(bad(7, 12)))).toContain('in one of the steps 7 to 8 of walk (')
    // What is left of a segment is one step and no loop, where the optimiser was.
    expect(failure(() => both(bad(9, 12)))).toMatch(/in (step 9|one of the steps 5 to 9) of walk \(/)
    expect(failure(() => both(bad(11, 12)))).toContain('in step 11 of walk (')
  })

  test('an index out of range, and a value that is not finite', () => {
    const table = constant([1, 2, 3])
    const ids = vector('ids', 'int32')
    const looked = scan(({ i, h }) => ({ h: h.mul(0.5).add(take(table, i, 0)) }), {
      sequences: { i: ids },
      state: { h: 0 },
      remat: { every: 2 },
      name: 'look',
    })
    const g = compile([ids], looked.h.last, options)
    expect(failure(() => g([0, 1, 2, 0, 1, 2, 7]))).toContain('index 7 is out of range')
    const logged = scan(({ x, h }) => ({ h: h.mul(0.5).add(h.mul(x)).log() }), {
      sequences: { x },
      state: { h: 1 },
      remat: { every: 2 },
      name: 'logs',
    })
    const checked = compile([x], logged.h.last, { ...options, check: 'nan' })
    expect(failure(() => checked([2, 10, 10, -10, 2]))).toContain('in step 3 of logs (')
  })

  test('a segment in a loop in a segment', () => {
    const inner = (h: typeof x0) =>
      scan(({ x, g }) => ({ g: g.mul(0.5).add(assert(x, x.lt(h.add(10)), 'x is small')) }), {
        sequences: { x },
        state: { g: 0 },
        remat: { every: 3 },
        name: 'inner',
      }).g.last
    const outer = scan(({ h }) => ({ h: h.sub(2).add(inner(h as typeof x0).mul(0) as typeof x0) }), {
      state: { h: 0 },
      steps: 7,
      remat: { every: 2 },
      name: 'outer',
    })
    const f = compile([x], outer.h.last, options)
    const message = failure(() => f([0, 0, 0, 0, 0, 2.5, 0]))
    expect(message).toContain('in step 4 of outer (')
    expect(message).toContain('in step 5 of inner (')
  })

  // With 'none' the gradient reads a scan of more outputs; only the optimiser makes one loop of the two.
  const policies = [{ every: 3 }, 'step', ...(options.optimize ? (['none'] as const) : [])] as const
  describe.each(policies)('with effects, remat %j', remat => {
    test('every print happens once, in order, though its segment is computed again for the gradient', () => {
      const told: (readonly [readonly unknown[], unknown])[] = []
      const { h } = scan(({ x, h }) => ({ h: print(h.mul(0.5).add(x), 'h').tanh() }), {
        sequences: { x },
        state: { h: 0 },
        remat,
        name: 'walk',
      })
      const onPrint = ({ steps, value }: PrintEvent) => told.push([steps, toNested(value)])
      const f = compile([x], [h.last, grad(sum(square(h.all)), x)], { ...options, onPrint })
      const plain = scan(({ x, h }) => ({ h: h.mul(0.5).add(x).tanh() }), {
        sequences: { x },
        state: { h: 0 },
      })
      const expected = compile([x], [plain.h.last, grad(sum(square(plain.h.all)), x)], options)
      const values = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
      const [a, b] = [f(values).map(toNested), expected(values).map(toNested)]
      expect([a].flat(3).map(n => (n as number).toFixed(5))).toEqual(
        [b].flat(3).map(n => (n as number).toFixed(5)),
      )
      expect(told.map(([steps]) => steps)).toEqual(values.map((_, step) => [{ scan: 'walk', step }]))
    })
  })
})

test('an exported function tells the same steps', () => {
  const { h } = scan(({ x, h }) => ({ h: h.mul(0.5).add(assert(x, x.lt(10), 'x is small')) }), {
    sequences: { x },
    state: { h: 0 },
    remat: { every: 3 },
    name: 'walk',
  })
  for (const optimize of [true, false]) {
    const f = compile([x], h.last, { optimize })
    f([1, 2, 3, 4, 5, 6, 7, 8])
    const loaded = loadFunction(exportFunction(f))
    for (const at of [0, 2, 3, 5, 6, 7]) {
      const values = Array.from({ length: 8 }, (_, i) => (i === at ? 99 : 1))
      expect(() => loaded(values)).toThrow(`in step ${at} of walk (`)
    }
  }
})
