/** What functions are given and give back: casts of arguments, defaults, givens, updates, outputs; in every mode. */
import { type CompileOptions, compile } from '@arignote/compiler'
import {
  add,
  array,
  constant,
  grad,
  gradClip,
  matrix,
  mul,
  type Shared,
  scalar,
  shared,
  stopGradient,
  sub,
  toNested,
  vector,
  zerosArray,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import ndarray from 'ndarray'
import { modes } from '../src/agree.js'

const held = (v: Shared) => toNested(v.getValue())
const untyped = (f: unknown) => f as (...args: unknown[]) => never

/** The code of the error that `f` throws. */
function codeOf(f: () => unknown): string {
  try {
    f()
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'none'
}

describe.each(modes)('$name', ({ options }) => {
  describe('arguments', () => {
    const echo = (dtype: 'bool' | 'uint8' | 'int32' | 'float32' | 'float64') => {
      const v = vector('v', dtype)
      return compile([v], v, options)
    }

    test('of floats take numbers, integers and the other float, and round a double', () => {
      for (const dtype of ['float32', 'float64'] as const) {
        const f = echo(dtype)
        for (const value of [
          [1, 2],
          [true, 2],
          Int8Array.of(1, 2),
          Uint16Array.of(1, 2),
          Int32Array.of(1, 2),
          BigInt64Array.of(1n, 2n),
          Float32Array.of(1, 2),
          Float64Array.of(1, 2),
          ndarray([1, 2]),
          ndarray(Float64Array.of(0, 1, 9, 2), [2], [2], 1),
        ])
          expect([...f(value as never).data].map(Number)).toEqual([1, 2])
        expect(f([0.1]).data[0]).toBe(dtype === 'float32' ? Math.fround(0.1) : 0.1)
        expect(f(Float64Array.of(0.1)).data[0]).toBe(dtype === 'float32' ? Math.fround(0.1) : 0.1)
        expect(f([1e300]).data[0]).toBe(dtype === 'float32' ? Number.POSITIVE_INFINITY : 1e300)
      }
    })

    test('of integers take whole numbers in range, from arrays of integers too, and nothing else', () => {
      const [f, g] = [echo('int32'), echo('uint8')]
      for (const value of [
        [3],
        Int16Array.of(3),
        Uint32Array.of(3),
        BigInt64Array.of(3n),
        ndarray([3]),
        [true],
      ])
        for (const h of [f, g])
          expect([...h(value as never).data]).toEqual([value[0 as never] === true ? 1 : 3])
      expect([2.5, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY].map(x => codeOf(() => f([x])))).toEqual(
        Array(4).fill('E032'),
      )
      expect([-1, 256, 0.5].map(x => codeOf(() => g([x])))).toEqual(Array(3).fill('E032'))
      expect(codeOf(() => f(Uint32Array.of(2 ** 31)))).toBe('E032')
      expect([Float32Array.of(3), Float64Array.of(3)].map(x => codeOf(() => f(x)))).toEqual(['E033', 'E033'])
    })

    test('of bools take truth values, and bytes that are not 0', () => {
      const f = echo('bool')
      for (const value of [[true, false], [1, 0], Uint8Array.of(7, 0)] as const)
        expect([...f(value as never).data]).toEqual([1, 0])
      expect(codeOf(() => f([2]))).toBe('E032')
      expect(codeOf(() => f(Float32Array.of(1)))).toBe('E033')
    })

    test('are all there, and no more; a default stands in for one that is left out', () => {
      const [a, b, c] = ['a', 'b', 'c'].map(name => scalar(name))
      const f = untyped(compile([a!, b!, c!], add(add(a!, mul(b!, 10)), mul(c!, 100)), options))
      expect(codeOf(() => f(1, 2))).toBe('E220')
      expect(codeOf(() => f(1, undefined, 3))).toBe('E220')
      expect(codeOf(() => f(1, 2, 3, 4))).toBe('E221')
      const defaults = new Map([
        [b!, 5],
        [c!, 7],
      ])
      const g = untyped(
        compile([a!, b!, c!], add(add(a!, mul(b!, 10)), mul(c!, 100)), { ...options, defaults }),
      )
      expect([g(1), g(1, 2), g(1, undefined, 3), g(1, 2, 3)].map(toNested)).toEqual([751, 721, 351, 321])
      expect(codeOf(() => g())).toBe('E220')
    })

    test('are not written to, nor kept', () => {
      const x = vector('x')
      const state = shared([0, 0], 'state')
      const f = compile([x], x, { ...options, updates: [[state, x]] })
      const given = array([1, 2])
      const out = f(given)
      out.data[0] = 9
      given.data[1] = 8
      expect([toNested(given), held(state)]).toEqual([
        [1, 8],
        [1, 2],
      ])
    })
  })

  describe('updates', () => {
    const counting = (more: CompileOptions = {}) => {
      const n = shared(0, 'n')
      return { n, f: compile([], n, { ...options, updates: [[n, n.add(1)]], ...more }) }
    }

    test('give the old value to outputs and the new one to the next call', () => {
      const { n, f } = counting()
      expect([f(), f(), f()].map(toNested)).toEqual([0, 1, 2])
      n.setValue(10)
      expect([toNested(f()), held(n)]).toEqual([10, 11])
    })

    test('of one variable twice are refused, equal or not', () => {
      const n = shared(0, 'n')
      for (const other of [n.add(1), n.add(2)])
        expect(
          codeOf(() =>
            compile([], [], {
              ...options,
              updates: [
                [n, n.add(1)],
                [n, other],
              ],
            }),
          ),
        ).toBe('E206')
    })

    test('swap variables, in a circle of three too, and call for call', () => {
      const [a, b, c] = [1, 2, 3].map(k => shared([k, 10 * k], `s${k}`))
      const f = compile([], a!.add(b!), {
        ...options,
        updates: [
          [a!, b!],
          [b!, c!],
          [c!, a!],
        ],
      })
      const rounds = [1, 2, 3].map(() => toNested(f()))
      expect(rounds).toEqual([
        [3, 30],
        [5, 50],
        [4, 40],
      ])
      expect([a, b, c].map(v => held(v!))).toEqual([
        [1, 10],
        [2, 20],
        [3, 30],
      ])
    })

    test('of two functions meet in the same variable', () => {
      const { n, f } = counting()
      const double = compile([], [], { ...options, updates: [[n, n.mul(2)]] })
      f()
      f()
      double()
      expect([toNested(f()), held(n)]).toEqual([4, 5])
    })

    test('to another variable copy it: neither changes with the other afterwards', () => {
      const [a, b] = [shared([1, 2], 'a'), shared([3, 4], 'b')]
      compile([], [], { ...options, updates: [[a, b]] })()
      compile([], [], { ...options, updates: [[b, b.mul(10)]] })()
      expect([held(a), held(b)]).toEqual([
        [3, 4],
        [30, 40],
      ])
    })

    test('that a variable brings along happen, and those of the variables which they read', () => {
      const [a, b, c] = [0, 7, 20].map((value, k) => shared(value, `d${k}`))
      a!.defaultUpdate = b!.add(1)
      b!.defaultUpdate = c!
      c!.defaultUpdate = c!.add(10)
      const f = compile([], a!, options)
      f()
      expect([a, b, c].map(v => held(v!))).toEqual([8, 20, 30])
      f()
      expect([a, b, c].map(v => held(v!))).toEqual([21, 30, 40])
      compile([], c!, options)()
      expect([a, b, c].map(v => held(v!))).toEqual([21, 30, 50])
    })

    test('that are given stand instead of what a variable brings along', () => {
      const a = shared(1, 'a')
      a.defaultUpdate = a.add(100)
      compile([], a, { ...options, updates: [[a, a.mul(3)]] })()
      expect(held(a)).toBe(3)
      compile([], a, { ...options, updates: [[a, a]] })()
      expect(held(a)).toBe(3)
    })
  })

  describe('givens', () => {
    test('replace a shared variable by a value, an input, another variable; it is not updated then', () => {
      const w = shared(1, 'w')
      w.defaultUpdate = w.add(3)
      const x = scalar('x')
      const other = shared(40, 'other')
      expect(toNested(compile([], w.add(10), { ...options, givens: [[w, 5]] })())).toBe(15)
      expect(toNested(compile([x], w.add(10), { ...options, givens: [[w, x]] })(6))).toBe(16)
      expect(toNested(compile([], w.add(10), { ...options, givens: [[w, other]] })())).toBe(50)
      expect(toNested(compile([], w.add(10), { ...options, givens: [[w, other.mul(2)]] })())).toBe(90)
      expect(held(w)).toBe(1)
    })

    test('replace inputs by rows of a data set, chosen by symbolic integers', () => {
      const [x, y] = [matrix('x', { shape: ['n', 2] }), vector('y', { shape: ['n'] })]
      const data = shared(array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(i => [i, i * i])), 'data')
      const [start, stop] = [scalar('start', 'int32'), scalar('stop', 'int32')]
      const f = compile([start, stop], [x.sum(0), y.sum()], {
        ...options,
        givens: [
          [x, data.slice({ start, stop })],
          [y, data.slice({ start, stop }, 1)],
        ],
      })
      expect(f(2, 5).map(toNested)).toEqual([[9, 29], 29])
      expect(f(9, 10).map(toNested)).toEqual([[9, 81], 81])
    })

    test('evaluate a variable with values for what it is computed from', () => {
      const [x, y] = [scalar('x'), scalar('y')]
      const z = x.mul(2).add(y)
      const at = (a: number, b: number) =>
        toNested(
          compile([], z, {
            ...options,
            givens: [
              [x, a],
              [y, b],
            ],
          })(),
        )
      expect([at(1, 2), at(10, 3)]).toEqual([4, 23])
      expect(toNested(compile([y], z, { ...options, givens: [[x.mul(2), 100]] })(1))).toBe(101)
    })

    test('also hold in updates, and are judged by type', () => {
      const [x, w] = [scalar('x'), shared(1, 'w')]
      compile([], [], { ...options, updates: [[w, w.add(x)]], givens: [[x, 5]] })()
      expect(held(w)).toBe(6)
      const wrong = (by: unknown) => codeOf(() => compile([], x, { ...options, givens: [[x, by as never]] }))
      expect([wrong(constant([1, 2])), wrong(constant(1, 'float64')), wrong([1, 2])]).toEqual(
        Array(3).fill('E209'),
      )
    })
  })

  describe('outputs', () => {
    test('that are constants are fresh at every call', () => {
      const f = compile([], constant([4, 5]), options)
      const first = f()
      first.data[0] = 0
      expect(toNested(f())).toEqual([4, 5])
    })

    test('that are shared variables are copies of their old values', () => {
      const w = shared([1, 2], 'w')
      const f = compile([], [w, w, w.add(1)], { ...options, updates: [[w, w.mul(2)]] })
      const [a, b, c] = f()
      a.data[0] = 100
      expect([toNested(b), toNested(c), held(w)]).toEqual([
        [1, 2],
        [2, 3],
        [2, 4],
      ])
    })

    test('may be written into arrays of the caller, other sizes at every call', () => {
      const x = vector('x')
      const f = compile([x], { twice: x.mul(2), sum: x.sum() }, options)
      for (const n of [3, 1, 5]) {
        const outs = { twice: zerosArray([n]), sum: zerosArray([]) }
        f.into(outs, Array(n).fill(2) as number[])
        expect([toNested(outs.twice), toNested(outs.sum)]).toEqual([Array(n).fill(4), 2 * n])
      }
    })
  })

  describe('gradients', () => {
    test('are clipped on the way back only: 1 beside 4', () => {
      const x = scalar('x')
      const f = compile([x], [grad(gradClip(x, -1, 1).square(), x), grad(x.square(), x)], options)
      expect(f(2).map(toNested)).toEqual([1, 4])
      const value = compile([x], gradClip(x, -1, 1).square(), options)
      expect(toNested(value(2))).toBe(4)
    })

    test('of paths that are stopped count the others only', () => {
      const x = scalar('x')
      const cost = mul(x, stopGradient(x)).add(x)
      expect(toNested(compile([x], grad(cost, x), options)(5))).toBe(6)
    })

    test('by what the cost does not depend on are zeros of its type, where that is asked for', () => {
      const [x, y] = [matrix('x', 'float64'), vector('y', { shape: [4] })]
      const [gx, gy] = grad(sub(x, 1).square().sum(), [x, y], { disconnectedInputs: 'ignore' })
      expect([gx.dtype, gy.dtype]).toEqual(['float64', 'float32'])
      const f = compile([x, y], [gx, gy], { ...options, onUnusedInput: 'ignore' })
      expect(f([[3, 1]], [0, 0, 0, 0]).map(toNested)).toEqual([[[4, 0]], [0, 0, 0, 0]])
    })
  })
})

test('a default for what is no input is refused, as it would never be used', () => {
  const [x, y] = [scalar('x'), scalar('y')]
  expect(() => compile([x], x, { defaults: new Map([[y, 1]]) })).toThrow(
    /a default is given for what is no input/,
  )
})
