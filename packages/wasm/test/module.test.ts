import { expect, test } from '@jest/globals'
import type { Exportable, WasmFunction } from '../src/index.js'
import {
  assemble,
  func,
  global,
  hasRelaxedSimd,
  hasSimd,
  hasThreads,
  importFunction,
  importMemory,
  memory,
  printFunction,
  printModule,
} from '../src/index.js'

function start(exports: Record<string, Exportable>, imports: WebAssembly.Imports = {}) {
  const bytes = assemble({ exports }).toBytes()
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports as Record<string, unknown>
}
type Call = (...args: number[]) => number

/** y[i] += a · x[i], four at a time. */
const axpy = func('axpy', { x: 'i32', y: 'i32', end: 'i32', a: 'f32' }, [], (f, { x, y, end, a }) => {
  const va = f.local('v128', 'va')
  f.get(a).op('f32x4.splat').set(va)
  f.loop(again => {
    f.get(y)
    f.get(y).op('v128.load', { offset: 64, align: 4 })
    f.get(x).op('v128.load').get(va).op('f32x4.mul').op('f32x4.add')
    f.op('v128.store', { offset: 64, align: 4 })
    f.get(x).op('i32.const', 16).op('i32.add').tee(x)
    f.get(y).op('i32.const', 16).op('i32.add').set(y)
    f.get(end).op('i32.lt_u').brIf(again)
  })
})

test('a vector loop runs on the memory of the module', () => {
  const exports = start({ axpy, heap: memory({ initial: 1 }) })
  const heap = new Float32Array((exports.heap as WebAssembly.Memory).buffer)
  heap.set([1, 2, 3, 4, 5, 6, 7, 8])
  heap.fill(100, 24, 32)
  ;(exports.axpy as Call)(0, 32, 32, 10)
  expect([...heap.subarray(24, 32)]).toEqual([110, 120, 130, 140, 150, 160, 170, 180])
})

test('a function prints one statement per line, with names', () => {
  expect(printFunction(axpy)).toMatchInlineSnapshot(`
"(func $axpy (param $x i32) (param $y i32) (param $end i32) (param $a f32)
  (local $va v128)
  local.get $a f32x4.splat local.set $va
  loop $L0
    local.get $y local.get $y v128.load offset=64 align=4 local.get $x v128.load local.get $va
        f32x4.mul f32x4.add v128.store offset=64 align=4
    local.get $x i32.const 16 i32.add local.tee $x local.get $y i32.const 16 i32.add local.set $y
        local.get $end i32.lt_u br_if $L0
  end)"
`)
})

const log = importFunction('host', 'log', ['i32'], [])
const counter = global('counter', 'i32', 5)
const leaf = func('leaf', { n: 'i32' }, ['i32'], (f, { n }) => {
  f.get(n).call(log).get(counter).get(n).op('i32.add').tee(n).set(counter).get(n)
})
const root = func('root', { n: 'i32' }, ['i32'], (f, { n }) => f.get(n).call(leaf).call(leaf))

test('callees, imports and globals are collected from the exports', () => {
  const seen: number[] = []
  const exports = start({ root, counter }, { host: { log: (n: number) => seen.push(n) } })
  expect((exports.root as Call)(2)).toBe(14)
  expect(seen).toEqual([2, 7])
  expect((exports.counter as WebAssembly.Global).value).toBe(14)
})

test('a function may call itself', () => {
  const factorial = func('factorial', { n: 'i32' }, ['i32'], (f, { n }) => {
    f.get(n).op('i32.eqz')
    f.if(
      ['i32'],
      () => f.op('i32.const', 1),
      () => f.get(n).get(n).op('i32.const', 1).op('i32.sub').call(f.self).op('i32.mul'),
    )
  })
  expect((start({ factorial }).factorial as Call)(6)).toBe(720)
})

test('a module prints its imports, memory, globals, functions and exports', () => {
  const clamp = func('leaf', { n: 'f64' }, ['f64'], (f, { n }) => {
    const same = [f.local('v128', 'acc'), f.local('v128', 'acc')] as const
    f.op('v128.const', new Float32Array([1, 2, 3, -0])).set(same[1])
    f.get(n).op('f64.const', -0).op('f64.lt')
    f.if(
      ['f64'],
      () => f.op('f64.const', Infinity),
      () => f.get(n),
    )
  })
  const heap = importMemory('host', 'heap', { initial: 1, maximum: 4, shared: true })
  expect(printModule(assemble({ memory: heap, exports: { root, clamp, heap } }))).toMatchInlineSnapshot(`
"(module
  (import "host" "log" (func $log (param i32)))
  (import "host" "heap" (memory 1 4 shared))
  (global $counter (mut i32) (i32.const 5))
  (func $root (param $n i32) (result i32)
    local.get $n call $leaf_1 call $leaf_1)
  (func $leaf (param $n f64) (result f64)
    (local $acc v128) (local $acc_1 v128)
    v128.const i32x4 0x3f800000 0x40000000 0x40400000 0x80000000 local.set $acc_1
    local.get $n f64.const -0 f64.lt if $L0 (result f64)
      f64.const inf
    else
      local.get $n
    end)
  (func $leaf_1 (param $n i32) (result i32)
    local.get $n call $log
    global.get $counter local.get $n i32.add local.tee $n global.set $counter
    local.get $n)
  (export "root" (func $root))
  (export "clamp" (func $leaf))
  (export "heap" (memory 0)))"
`)
})

test('types are shared, and functions are named for profilers', () => {
  const bytes = assemble({ exports: { root } }).toBytes()
  const module = new WebAssembly.Module(bytes)
  const [names] = WebAssembly.Module.customSections(module, 'name') as [ArrayBuffer]
  expect(new TextDecoder().decode(names)).toMatch(/log.*root.*leaf/s)
  // The type section has two entries: (i32) → i32 for root and leaf, and (i32) → () for log.
  expect([...bytes.subarray(8, 11)]).toEqual([1, 10, 2])
})

test('the import of a shared memory is accepted', () => {
  const shared = { initial: 1, maximum: 4, shared: true }
  const heap = importMemory('host', 'heap', shared)
  const bytes = assemble({ memory: heap, exports: { axpy } }).toBytes()
  const given = new WebAssembly.Memory(shared)
  expect(new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { heap: given } })).toBeDefined()
})

test('a module without what it needs is refused', () => {
  expect(() => assemble({ exports: { axpy } })).toThrow('function "axpy" uses memory; give the module one')
  expect(() => memory({ initial: 1, shared: true })).toThrow('a shared memory needs a maximum')
  const heap = memory({ initial: 1 })
  expect(() => assemble({ memory: memory({ initial: 1 }), exports: { heap } })).toThrow(
    'a module has one memory',
  )
  const early = (self: WasmFunction) => assemble({ exports: { self } })
  expect(() => func('k0', {}, [], f => void early(f.self))).toThrow('function "k0" is exported or called')
})

test('features are answered by the engine', () => {
  expect([hasSimd(), hasThreads()]).toEqual([true, true])
  expect(typeof hasRelaxedSimd()).toBe('boolean')
})
