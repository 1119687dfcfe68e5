/** `print` and `assert`: a value as it is, and something that happens when it is computed. */
import { type BackendName, backends, compile, type PrintEvent, printedText } from '@arignote/compiler'
import {
  assert,
  dot,
  GraphError,
  grad,
  jacobian,
  matrix,
  NumericError,
  print,
  scalar,
  scan,
  shared,
  toNested,
  vector,
} from '@arignote/graph'
import { describe, expect, jest, test } from '@jest/globals'
import { agree } from '../src/index.js'

const x = vector('x', { shape: ['n'] })

/** What is printed by one call, as `label@steps: value`. */
function told(event: PrintEvent): string {
  const steps = event.steps.map(({ scan, step }) => `${scan} ${step}`).join(', ')
  return `${event.label}${steps === '' ? '' : `@${steps}`}: ${JSON.stringify(toNested(event.value))}`
}

describe.each(
  (Object.keys(backends) as BackendName[]).flatMap(backend =>
    [true, false].map(optimize => ({ backend, optimize })),
  ),
)('$backend, optimised $optimize', options => {
  function run(work: (listening: object) => void): string[] {
    const lines: string[] = []
    work({ ...options, onPrint: (event: PrintEvent) => lines.push(told(event)) })
    return lines
  }

  test('a value is printed as it passes, views and integers too', () => {
    const m = matrix('m', { dtype: 'int32', shape: [2, 3] })
    const lines = run(listening => {
      const f = compile([x, m], [print(x, 'x').mul(2), print(m.transpose(), 'turned').sum()], listening)
      const [doubled, sum] = f(
        [1, 2],
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      )
      expect([...doubled.data, ...sum.data]).toEqual([2, 4, 21])
    })
    expect(lines.sort()).toEqual(['turned: [[1,4],[2,5],[3,6]]', 'x: [1,2]'])
  })

  test('in nested scans at every step, with the steps', () => {
    const { h } = scan(
      ({ x, h }) => {
        const { k } = scan(({ k }) => ({ k: print(k.add(x), 'k') }), {
          state: { k: h },
          steps: 2,
          name: 'inner',
        })
        return { h: k.last }
      },
      { sequences: { x }, state: { h: 0 }, name: 'outer' },
    )
    expect(run(listening => void compile([x], h.last, listening)([1, 10]))).toEqual([
      'k@outer 0, inner 0: 1',
      'k@outer 0, inner 1: 2',
      'k@outer 1, inner 0: 12',
      'k@outer 1, inner 1: 22',
    ])
  })

  test('two prints of one value are two, and what nobody uses is not printed', () => {
    const a = print(x, 'a')
    const lines = run(listening => void compile([x], a.add(print(x, 'a')), listening)([1]))
    expect(lines).toEqual(['a: [1]', 'a: [1]'])
    print(x, 'never')
  })

  test('gradients pass, and print nothing again', () => {
    const y = print(x.square(), 'square').sum()
    const lines = run(listening => {
      const [value, gradient] = compile([x], [y, grad(y, x)], listening)([3, 4])
      expect([...value.data, ...gradient.data]).toEqual([25, 6, 8])
    })
    expect(lines).toEqual(['square: [9,16]'])
    const { h } = scan(({ x, h }) => ({ h: print(h.mul(x), 'h').sin() }), {
      sequences: { x },
      state: { h: 1 },
    })
    expect(run(listening => void compile([x], grad(h.last, x), listening)([1, 2]))).toHaveLength(2)
  })

  test('an assertion that holds changes nothing', () => {
    const y = assert(x, x.gt(0), 'positive').log()
    expect(compile([x], y, options)([1, Math.E]).data[1]).toBeCloseTo(1, 6)
    expect(compile([x], grad(y.sum(), x), options)([2, 4]).data[1]).toBeCloseTo(0.25, 6)
  })

  test('one that does not hold tells its message, its line, and the step', () => {
    const { h } = scan(({ x, h }) => ({ h: assert(h.sub(x), h.ge(x), 'there is enough left') }), {
      sequences: { x },
      state: { h: 10 },
      name: 'spend',
    })
    const f = compile([x], h.last, options)
    expect(f([3, 4]).data[0]).toBe(3)
    let message = ''
    try {
      f([3, 4, 5])
    } catch (error) {
      expect(error).toBeInstanceOf(NumericError)
      message = (error as Error).message
    }
    expect(message).toMatch(/^assert: there is enough left\n/)
    expect(message).toContain('in step 2 of spend')
    expect(message).toMatch(/created at packages\/testkit\/test\/effects\.test\.ts:\d+:\d+ +\[E243\]/)
  })

  test('then no shared variable has changed, whatever the order of the updates', () => {
    const a = shared([1, 2], 'a')
    const b = shared([1, 2], 'b')
    const guarded = assert(x, x.sum().lt(10), 'small')
    const f = compile([x], b.sum(), {
      ...options,
      updates: [
        [a, a.add(x)],
        [b, b.add(guarded)],
      ],
    })
    f([1, 1])
    expect(() => f([5, 6])).toThrow('small')
    expect([...a.getValue().data, ...b.getValue().data]).toEqual([2, 3, 2, 3])
  })

  test('a listener that throws is a call that failed', () => {
    const a = shared([1, 2], 'a')
    const f = compile([x], [], {
      ...options,
      updates: [[a, a.add(print(x))]],
      onPrint: () => {
        throw new Error('enough')
      },
    })
    expect(() => f([1, 1])).toThrow('enough')
    expect([...a.getValue().data]).toEqual([1, 2])
  })

  test('a listener may not call a compiled function; afterwards it may', () => {
    const other = compile([x], x.mul(2), options)
    const f = compile([x], print(x), { ...options, onPrint: () => void other([1]) })
    expect(() => f([1])).toThrow(GraphError)
    expect([...other([2]).data]).toEqual([4])
  })
})

test('methods and the whole of a jacobian', () => {
  const W = matrix('W', { shape: [2, 2] })
  const y = dot(W, x.print('x')).assert(true, 'fine')
  const lines: string[] = []
  const J = compile([W, x], jacobian(y, x), {
    onPrint: event => lines.push(told(event)),
    onUnusedInput: 'ignore',
  })
  expect(
    toNested(
      J(
        [
          [1, 2],
          [3, 4],
        ],
        [1, 1],
      ),
    ),
  ).toEqual([
    [1, 2],
    [3, 4],
  ])
})

test('without a listener it goes to the console', () => {
  const log = jest.spyOn(console, 'log').mockImplementation(() => {})
  try {
    compile([x], print(x, 'here'))([1, 2])
    compile([x], print(x.sum()))([1, 2])
    expect(log.mock.calls).toEqual([['here [2] = [1,2]'], ['print = 3']])
  } finally {
    log.mockRestore()
  }
  const value = compile([x], x)([1])
  expect(printedText({ label: 'h', value, steps: [{ scan: 'rnn', step: 3 }] })).toBe(
    'h (step 3 of rnn) [1] = [1]',
  )
})

test('an assertion about integers and bools', () => {
  const i = scalar('i', 'int32')
  const y = assert(i, i.mod(2).eq(0), 'even').floorDiv(2)
  agree([i], y, [4])
  expect(() => agree([i], y, [3])).toThrow('even')
})

test('a printed value tells NaN from infinity, and shows the ends of what is long', () => {
  const x = vector('x')
  const shown: string[] = []
  const f = compile([x], print(x, 'x'), { onPrint: event => shown.push(printedText(event)) })
  f([Number.NaN, Number.POSITIVE_INFINITY, -1])
  f(new Float32Array(2000).fill(7))
  expect(shown).toEqual(['x [3] = [NaN,Infinity,-1]', 'x [2000] = [7,7,7,…,7,7,7]'])
})

test('a loop with effects runs all its steps, though only the first are read', () => {
  const x = vector('x')
  const { h } = scan(({ x, h }) => ({ h: assert(print(h.add(x), 'h'), h.lt(2), 'small') }), {
    sequences: { x },
    state: { h: 0 },
  })
  for (const optimize of [true, false]) {
    const shown: unknown[] = []
    const f = compile([x], h.all.slice({ stop: 1 }), { optimize, onPrint: event => shown.push(event) })
    f([1, 0.5, 0])
    expect(shown).toHaveLength(3)
    expect(() => f([1, 2, 3])).toThrow(/small/)
  }
})

test('a listener is a function', () => {
  const x = vector('x')
  expect(() => compile([x], print(x), { onPrint: 3 as never })).toThrow(/onPrint is the number 3/)
  expect(() => compile([x], x, { optimize: { without: 'x + 0 → x' as never } })).toThrow(/is not without/)
})
