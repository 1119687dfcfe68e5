import { type Kernel, type Register, type Scalar, type Statement, s } from '@arignote/loops'
import { describe, expect, test } from '@jest/globals'
import { wasmScalarBackend } from '../src/5-emit/wasm/index.js'
import {
  agree,
  buffer,
  filled,
  fused,
  kernel,
  kernelMemory,
  lanes,
  loop,
  run,
  simd,
  size,
  store,
} from './wasm-kernel-harness.js'

const register = (name: string, type: Register['type'] = 'float32'): Register => ({ name, type })
const declare = (r: Register, value: Scalar): Statement => ({ kind: 'declare', register: r, value })
const assign = (r: Register, value: Scalar): Statement => ({ kind: 'assign', register: r, value })
const get = s.register
const wave = (n: number) => filled('float32', n, i => Math.sin(i * 1.7) * 3)
const empty = (n: number) => filled('float32', n, () => 0)

/** C = A·B in tiles, B in panels: what contractions are lowered to. */
function product(n: number, k: Scalar | number, rows: number, vectors: number): Kernel {
  const [A, B, C] = [buffer('A', 'float32'), buffer('B', 'float32'), buffer('C', 'float32', 'write')]
  const [width, depth] = [vectors * 4, typeof k === 'number' ? s.int(k) : k]
  const sums = Array.from({ length: rows }, (_, r) => register(`sum${r}`))
  const b = register('b')
  const tile = (j0: Scalar, i0: Scalar) => (j: Scalar) => [
    ...sums.map(sum => declare(sum, s.const('float32', 0))),
    loop(depth, {}, p => [
      declare(b, s.load(B, s.add(s.mul(s.add(s.mul(j0, depth), p), width), j))),
      ...sums.map((sum, r) => {
        const a = s.load(A, s.add(s.mul(s.add(i0, r), depth), p))
        return assign(sum, s.mulAdd(a, get(b), get(sum)))
      }),
    ]),
    ...sums.map((sum, r) => {
      return store(C, s.add(s.add(s.mul(s.add(i0, r), n), s.mul(j0, width)), j), get(sum))
    }),
  ]
  const params = typeof k === 'number' ? [A, B, C] : [A, B, C, (k as Scalar & { kind: 'size' }).size]
  return kernel(params, [
    loop(n / width, {}, j0 => [loop(n, { step: rows }, i0 => [lanes(width, vectors, tile(j0, i0))])]),
  ])
}

describe('the contraction tile', () => {
  test.each([
    [4, 2],
    [3, 3],
    [6, 2],
    [1, 1],
  ])('%i rows of %i vectors', (rows, vectors) => {
    const n = 24
    const k = 10
    const args = [wave(n * k), wave(n * k), empty(n * n)]
    agree(product(n, k, rows, vectors), args, 1e-4)
    agree(product(n, s.size(size('k')), rows, vectors), [...args, k], 1e-4)
  })

  test('its inner loop holds nothing but loads, multiplications, additions and two pointers', () => {
    const text = simd.text([product(64, 64, 4, 2)])
    const inner = text.slice(text.lastIndexOf('loop'), text.indexOf('br_if'))
    const count = (word: string) => inner.split(word).length - 1
    expect(inner.match(/v128\.load /g)).toHaveLength(2)
    expect(count('v128.load32_splat')).toBe(4)
    expect(count('f32x4.mul')).toBe(8)
    expect(count('f32x4.add')).toBe(8)
    expect(count('i32.add')).toBe(2)
    expect(count('i32.ne')).toBe(1)
    expect(inner).toMatch(/offset=256 .*offset=512 .*offset=768 /s)
    expect(inner.split('\n').length).toBeLessThan(20)
    // A row is loaded once, right before its two uses.
    expect(inner.indexOf('v128.load offset=16')).toBeLessThan(inner.indexOf('v128.load32_splat'))
  })

  const whenFused = fused === null ? test.skip : test
  whenFused('with fused multiplication and addition', () => {
    const args = [wave(240), wave(240), empty(576)]
    const right = run(simd, product(24, 10, 3, 3), args)[2]!
    for (const [i, x] of run(fused!, product(24, 10, 3, 3), args)[2]!.entries())
      expect(x).toBeCloseTo(right[i]!, 3)
  })
})

describe('registers', () => {
  test('are assigned in nested loops, in lanes and outside', () => {
    const [x, y] = [buffer('x', 'float32'), buffer('y', 'float32', 'write')]
    const [a, b, t] = [register('a'), register('b'), register('t')]
    const body = (i: Scalar) => [
      declare(a, s.load(x, i)),
      declare(b, s.const('float32', 1)),
      loop(5, {}, j => [
        declare(t, get(a)),
        assign(a, s.add(get(a), get(b))),
        loop(2, {}, k => [assign(b, s.sub(get(t), s.mul(s.load(x, s.add(j, k)), 0.5)))]),
        assign(b, s.mul(get(b), 0.25)),
      ]),
      store(y, i, s.add(get(a), get(b))),
    ]
    for (const n of [1, 7, 21]) {
      agree(kernel([x, y], [lanes(n, 2, body)]), [wave(30), empty(n)], 1e-6)
      agree(kernel([x, y], [loop(n, {}, body)]), [wave(30), empty(n)], 1e-6)
    }
  })

  test('an old value lives on under another name', () => {
    const y = buffer('y', 'float32', 'write')
    const [a, b, c] = [register('a'), register('b'), register('c')]
    const body = [
      declare(a, s.const('float32', 1)),
      declare(b, s.const('float32', 1)),
      loop(10, {}, i => [
        declare(c, get(a)),
        assign(a, get(b)),
        assign(b, s.add(get(c), get(b))),
        store(y, i, get(a)),
      ]),
    ]
    agree(kernel([y], body), [empty(10)])
  })

  test('integers in registers are indices', () => {
    const [x, y] = [buffer('x', 'float32'), buffer('y', 'float32', 'write')]
    const at = register('at', 'int32')
    const row = register('row', 'int32')
    const body = [
      declare(at, s.int(0)),
      loop(4, {}, i => [
        declare(row, s.mul(i, 5)),
        lanes(5, 1, j => [store(y, s.add(get(row), j), s.load(x, s.add(s.add(get(at), get(row)), j)))]),
        assign(at, s.add(get(at), 2)),
      ]),
    ]
    agree(kernel([x, y], body), [wave(40), empty(20)])
  })

  test('a load stays what it was when its buffer is written', () => {
    const x = buffer('x', 'float32', 'readwrite')
    const [a, i0] = [register('a'), s.int(0)]
    const body = (i: Scalar) => [
      declare(a, s.load(x, i)),
      store(x, i, s.add(get(a), 1)),
      store(x, s.add(i, 30), s.mul(get(a), s.load(x, i))),
    ]
    agree(kernel([x], [lanes(11, 2, body)]), [wave(60)])
    const first = (i: Scalar) => [declare(a, s.load(x, i0)), store(x, i, s.add(get(a), s.load(x, i)))]
    agree(kernel([x], [loop(11, {}, first)]), [wave(60)])
  })
})

describe('checks', () => {
  test('the first failure is recorded', () => {
    const [ids, errors] = [buffer('ids', 'int32'), buffer('errors', 'int32', 'readwrite')]
    const n = size('n')
    const body = (i: Scalar): Statement[] => {
      const id = s.load(ids, i)
      return [
        { kind: 'check', ok: s.ge(id, 0), errors, code: 7, value: id },
        { kind: 'check', ok: s.lt(id, s.size(n)), errors, code: 8, value: s.add(id, i) },
      ]
    }
    const k = kernel([ids, errors, n], [loop(6, {}, body)])
    for (const list of [
      [0, 1, 2, 3, 4, 5],
      [0, 9, -1, 3, 4, 5],
      [0, -3, 99, 1, 1, 1],
      [1, 1, 1, 1, 1, 6],
    ]) {
      agree(k, [filled('int32', 6, i => list[i]!), filled('int32', 2, () => 0), 6])
    }
  })
})

describe('what is invariant', () => {
  test('is computed outside, and loads only where they are sure to be executed', () => {
    const [x, y, n] = [buffer('x', 'float32'), buffer('y', 'float32', 'write'), size('n')]
    const scale = s.exp(s.mul(s.load(x, s.int(0)), 0.5))
    const k = kernel([x, y, n], [loop(s.size(n), {}, i => [store(y, i, s.mul(s.load(x, i), scale))])])
    agree(k, [wave(9), empty(9), 9], 1e-6)
    agree(k, [wave(9), empty(9), 0], 1e-6)
    const text = simd.text([k])
    const inner = text.slice(text.indexOf('loop'))
    expect(inner).not.toContain('i32.shl')
    expect(inner.match(/f32\.mul/g)).toHaveLength(1)
    expect(text.indexOf('f32.load')).toBeGreaterThan(text.indexOf('if'))
  })

  test('shared values are computed once, however deep and however often', () => {
    const [x, y] = [buffer('x', 'float32'), buffer('y', 'float32', 'write')]
    const doubled = (v: Scalar, times: number): Scalar => {
      let sum = v
      for (let i = 0; i < times; i++) sum = s.mul(s.add(sum, sum), 0.5)
      return sum
    }
    const deep = (i: Scalar) => [store(y, i, doubled(s.load(x, i), 5000))]
    const k = kernel([x, y], [lanes(9, 1, deep)])
    expect(run(simd, k, [wave(9), empty(9)])[1]).toEqual(wave(9))
    const wide = Array.from({ length: 1500 }, (_, j) => store(y, j, s.add(s.load(x, s.int(j)), j)))
    agree(kernel([x, y], wide), [wave(1500), empty(1500)])
    let index: Scalar = s.size(size('n'))
    const n = (index as Scalar & { kind: 'size' }).size
    for (let i = 0; i < 3000; i++) index = s.sub(s.add(index, 1), 1)
    agree(kernel([x, y, n], [loop(4, {}, i => [store(y, i, s.load(x, s.add(index, i)))])]), [
      wave(9),
      empty(9),
      3,
    ])
  })
})

describe('the back end', () => {
  const [x, y] = [buffer('x', 'float32'), buffer('y', 'float32', 'write')]
  const twice = (name: string): Kernel => {
    return { ...kernel([x, y], [lanes(8, 1, i => [store(y, i, s.mul(s.load(x, i), 2))])]), name }
  }

  test('compiles equal kernels once', () => {
    const [a, b] = simd.load([twice('a'), twice('b')], kernelMemory)
    expect(a).toBe(b)
    expect(simd.load([twice('c')], kernelMemory)[0]).toBe(a)
  })

  test('works on shared memory', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true })
    const float32 = new Float32Array(memory.buffer)
    const views = { ...kernelMemory.views, float32 }
    float32.set([1, 2, 3, 4, 5, 6, 7, 8], 16)
    simd.load([twice('a')], { memory, views })[0]!(64, 128)
    expect([...float32.slice(32, 40)]).toEqual([2, 4, 6, 8, 10, 12, 14, 16])
  })

  test('knows its lanes and its tile', () => {
    expect(simd.target.lanes('float32')).toBe(4)
    expect(simd.target.lanes('float64')).toBe(2)
    expect(wasmScalarBackend.target.lanes('float32')).toBe(1)
    expect(simd.target).toMatchObject({ tileRows: 4, tileVectors: 2 })
  })

  test('says what it makes of a kernel', () => {
    expect(simd.text([twice('twice')])).toMatchInlineSnapshot(`
"(module
  (import "host" "memory" (memory 0))
  (func $twice (param $x i32) (param $y i32)
    (local $l2 v128) (local $l3 i32) (local $l4 i32) (local $l5 i32)
    v128.const i32x4 0x40000000 0x40000000 0x40000000 0x40000000 local.set $l2
    local.get $y local.set $l3
    local.get $x local.set $l4
    local.get $l3 i32.const 32 i32.add local.set $l5
    loop $L0
      local.get $l3 local.get $l4 v128.load align=4 local.get $l2 f32x4.mul v128.store align=4
      local.get $l4 i32.const 16 i32.add local.set $l4
      local.get $l3 i32.const 16 i32.add local.tee $l3 local.get $l5 i32.ne br_if $L0
    end)
  (export "k0" (func $twice)))"
`)
    expect(wasmScalarBackend.text([twice('twice')])).not.toContain('v128')
  })
})
