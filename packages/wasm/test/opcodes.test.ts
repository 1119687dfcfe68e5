/**
 * Every row of the table is executed: assembled into a function of its own, run on edge
 * cases and on random operands, and compared with the meaning of its name.
 */

import v8 from 'node:v8'
import { afterAll, expect, test } from '@jest/globals'
import type { ImmediateArguments, OpName, ValueType } from '../src/index.js'
import { assemble, func, hasRelaxedSimd, memory, opcodes } from '../src/index.js'
import { bitsOf, type Lane, pack, randomLanes, randomSource, unpack } from './lanes.js'
import { evaluate, type Outcome, Trap } from './semantics.js'

// V8 11.3 (Node 20) has relaxed SIMD behind a flag that works at run time. Its quick compiler
// forgets to add the third operand of `faulty`; the optimizing one is right.
const isNode20 = process.versions.node.startsWith('20.')
const faulty = 'i32x4.relaxed_dot_i8x16_i7x16_add_s'
const flag = (text: string) => {
  if (isNode20) v8.setFlagsFromString(text)
}
flag('--experimental-wasm-relaxed-simd')
// Other suites run in the same process.
afterAll(() => flag('--no-experimental-wasm-relaxed-simd'))

const names = Object.keys(opcodes) as OpName[]
const resultAt = 128
const heapAt = 256

/** The instruction on operands at 0, 16, 32…; its result goes to `resultAt`. */
function run(name: OpName, ...immediates: readonly unknown[]) {
  const { operands, results } = opcodes[name]
  const heap = memory({ initial: 1, maximum: 2, shared: name.includes('atomic') })
  const code = func('row', {}, [], f => {
    if (results.length > 0) f.op('i32.const', resultAt)
    for (const [i, type] of (operands as readonly ValueType[]).entries())
      f.op('i32.const', i * 16).op(`${type}.load`)
    f.op(name, ...(immediates as ImmediateArguments['none']))
    for (const type of results as readonly ValueType[]) f.op(`${type}.store`)
  })
  const bytes = assemble({ memory: heap, exports: { row: code, heap } }).toBytes()
  expect(WebAssembly.validate(bytes)).toBe(true)
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const all = new Uint8Array((instance.exports.heap as WebAssembly.Memory).buffer)
  const call = instance.exports.row as () => void
  return {
    all,
    call(given: readonly Uint8Array[]): Uint8Array {
      for (const [i, value] of given.entries()) all.set(value, i * 16)
      call()
      return all.slice(resultAt, resultAt + 16)
    },
  }
}

function same(found: Lane, expected: Lane, shape: string): boolean {
  const normal = unpack(shape, pack(shape, [expected]))[0]
  return Object.is(found, normal)
}

function check(name: string, given: readonly Uint8Array[], found: Uint8Array, { shape, lanes }: Outcome) {
  const lanesFound = unpack(shape, found)
  if (lanesFound.length === lanes.length && lanesFound.every((x, i) => same(x, lanes[i] as Lane, shape)))
    return
  const hex = given.map(bytes => Buffer.from(bytes).toString('hex')).join(' ')
  throw new Error(`${name}(${hex}): expected ${shape} ${lanes.join(' ')}, found ${lanesFound.join(' ')}`)
}

/** The shape that the operands of an instruction are filled by. */
function shapeOf(name: string, index: number, type: ValueType): string {
  if (type !== 'v128') return type
  const [shape = '', op = ''] = name.split('.')
  if (name === 'i32x4.relaxed_dot_i8x16_i7x16_add_s' && index === 2) return shape
  return /[if]\d+x\d+/.exec(op)?.[0] ?? (shape === 'v128' ? 'i64x2' : shape)
}

/** Operands on which relaxed instructions leave the engine no choice. */
function tame(name: string, index: number, lanes: Lane[], shape: string): Lane[] {
  const op = name.split('.')[1] ?? ''
  if (!op.startsWith('relaxed_')) return lanes
  if (op.endsWith('madd')) return lanes.map((_, i) => ((i * 37 + index * 11 + lanes.length) % 64) / 8 - 3)
  if (op === 'relaxed_swizzle') return index === 1 ? lanes.map(x => (x as bigint) & 15n) : lanes
  if (op === 'relaxed_laneselect')
    return index === 2 ? lanes.map(x => ((x as bigint) & 1n) * ((1n << BigInt(bitsOf(shape))) - 1n)) : lanes
  if (op.includes('dot')) return index === 1 ? lanes.map(x => (x as bigint) & 127n) : lanes
  if (op.includes('q15')) return index === 0 ? lanes.map(x => (x === 0x8000n ? 5n : x)) : lanes
  const usual = (x: number) => Number.isFinite(x) && x !== 0 && Math.abs(x) < 2 ** 30
  const positive = op.includes('_u') ? Math.abs : (x: number) => x
  return lanes.map((x, i) => positive(usual(x as number) ? (x as number) : i + index + 1.5))
}

const isRelaxed = (name: string) => name.includes('.relaxed_')
const kindOf = (name: OpName) => opcodes[name].immediate as string
const isMemory = (name: OpName) => opcodes[name].memory
const isConstant = (name: OpName) => name.endsWith('.const')

const computing = names.filter(name => !isMemory(name) && !isConstant(name) && name !== 'atomic.fence')

function immediatesOf(name: OpName): (number | number[] | undefined)[] {
  if (kindOf(name) === 'lane') return Array.from({ length: opcodes[name].lanes }, (_, i) => i)
  if (kindOf(name) === 'shuffle')
    return [
      [...Array(16).keys()].map(i => 31 - 2 * i + (i > 7 ? 8 : 0)).map(i => Math.abs(i) % 32),
      Array(16).fill(17),
    ]
  return [undefined]
}

function compute(name: OpName) {
  const random = randomSource(20)
  const operands = opcodes[name].operands as readonly ValueType[]
  for (const immediate of immediatesOf(name)) {
    const row = run(name, ...(immediate === undefined ? [] : [immediate]))
    for (let trial = 0; trial < 200; trial++) {
      const given = operands.map((type, i) => {
        const shape = shapeOf(name, i, type)
        return pack(shape, tame(name, i, randomLanes(shape, random), shape))
      })
      // Equal operands are rare among random ones, and NaN differs from itself.
      if (trial % 2 === 0 && !isRelaxed(name) && given[0] && operands[1] === operands[0]) given[1] = given[0]
      let expected: Outcome
      try {
        expected = evaluate(name, given, immediate)
      } catch (error) {
        if (!(error instanceof Trap)) throw error
        expect(() => row.call(given)).toThrow(WebAssembly.RuntimeError)
        continue
      }
      check(name, given, row.call(given), expected)
    }
  }
}

test.each(computing.filter(name => !isRelaxed(name)))('%s computes what its name says', compute)

const relaxedTest = hasRelaxedSimd() ? test : test.skip
relaxedTest.each(computing.filter(isRelaxed))(
  '%s computes what its name says (if the engine has it)',
  name => {
    if (name === faulty) flag('--no-liftoff')
    try {
      compute(name)
    } finally {
      flag('--liftoff')
    }
  },
)

test('relaxed rows have the bytes of the specification, for engines that cannot run them', () => {
  const bytes = computing.filter(isRelaxed).map(name => opcodes[name].bytes)
  expect(bytes).toEqual(Array.from({ length: 20 }, (_, i) => [0xfd, 0x80 + i, 0x02]))
})

const constants = [
  ['i32.const', -123456789, 'i32', [BigInt(-123456789)]],
  ['i64.const', -1234567890123456789n, 'i64', [-1234567890123456789n]],
  ['f32.const', -0.1, 'f32', [-0.1]],
  ['f64.const', Number.MIN_VALUE, 'f64', [Number.MIN_VALUE]],
  [
    'v128.const',
    Uint8Array.from({ length: 16 }, (_, i) => 251 * i),
    'i8x16',
    [...Array(16).keys()].map(i => BigInt(251 * i)),
  ],
] as const

test.each(constants)('%s pushes %s', (name, value, shape, lanes) => {
  check(name, [], run(name, value).call([]), { shape, lanes })
})

const accesses = names.filter(name => /\.(atomic\.)?(load|store)/.test(name))

test.each(accesses)('%s moves the bytes that its name says', name => {
  const random = randomSource(7)
  const { width, lanes } = opcodes[name]
  const offset = kindOf(name) === 'atomic' ? 8 : 5
  for (let lane = 0; lane < Math.max(1, lanes); lane++) {
    const row = run(name, ...(lanes > 0 ? [lane] : []), { offset })
    for (let trial = 0; trial < 20; trial++) {
      const before = pack('i8x16', randomLanes('i8x16', random))
      const operand = pack('i8x16', randomLanes('i8x16', random))
      row.all.fill(0xa5, heapAt, heapAt + 64).set(before, heapAt + offset)
      const found = row.call([pack('i32', [BigInt(heapAt)]), operand])
      if (name.includes('store')) {
        const after = new Uint8Array(64).fill(0xa5)
        after.set(before, offset)
        after.set(operand.subarray(lane * width, (lane + 1) * width), offset)
        expect(row.all.slice(heapAt, heapAt + 64)).toEqual(after)
      } else check(name, [before, operand], found, loaded(name, before, operand, lane))
    }
  }
})

function loaded(name: OpName, from: Uint8Array, operand: Uint8Array, lane: number): Outcome {
  const { width } = opcodes[name]
  const [type = '', , size = '', times = '', sign = ''] =
    /^(\w+)\.(?:atomic\.)?(load)(\d*)(x\d+)?_?([a-z]*)$/.exec(name)?.slice(1) ?? []
  const bytes = from.subarray(0, width)
  const lanesAs = `i${size}x${128 / Number(size)}`
  if (sign === 'lane')
    return { shape: lanesAs, lanes: unpack(lanesAs, operand).with(lane, unpack(`i${size}`, from)[0] as Lane) }
  if (sign === 'splat')
    return { shape: lanesAs, lanes: Array(128 / Number(size)).fill(unpack(`i${size}`, from)[0]) }
  if (size === '' || sign === 'zero') {
    const shape = type === 'v128' ? 'i8x16' : type
    const padded = new Uint8Array(16)
    padded.set(bytes)
    return { shape, lanes: unpack(shape, padded) }
  }
  const shape = times ? `i${2 * Number(size)}x${times.slice(1)}` : type
  const narrow = unpack(`i${size}${times}`, from) as bigint[]
  return { shape, lanes: narrow.map(x => (sign === 's' ? BigInt.asIntN(Number(size), x) : x)) }
}

const updates = names.filter(name => name.includes('.rmw.'))

test.each(updates)('%s returns the old value and stores the new one', name => {
  const [type = '', , , op = ''] = name.split('.')
  const row = run(name)
  const random = randomSource(3)
  for (let trial = 0; trial < 40; trial++) {
    const [old, b, c] = [0, 1, 2].map(() => randomLanes(type, random)[0]) as [bigint, bigint, bigint]
    const compared = trial % 2 === 0 ? old : b
    row.all.set(pack(type, [old]), heapAt)
    const found = row.call([
      pack('i32', [BigInt(heapAt)]),
      pack(type, [op === 'cmpxchg' ? compared : b]),
      pack(type, [c]),
    ])
    check(name, [], found, { shape: type, lanes: [old] })
    const next: Record<string, bigint> = {
      add: old + b,
      sub: old - b,
      and: old & b,
      or: old | b,
      xor: old ^ b,
      xchg: b,
      cmpxchg: compared === old ? c : old,
    }
    check(name, [], row.all.slice(heapAt, heapAt + 16), { shape: type, lanes: [next[op] as bigint] })
  }
})

const address = pack('i32', [BigInt(heapAt)])
const waits = ['memory.atomic.wait32', 'memory.atomic.wait64'] as const

test.each(waits)('%s answers 1 if the value differs and 2 when the time is over', name => {
  const type = name.endsWith('64') ? 'i64' : 'i32'
  const high = type === 'i64' ? 1n << 40n : 1n << 20n
  const row = run(name)
  row.all.set(pack(type, [high]), heapAt)
  const wait = (value: bigint) =>
    unpack('i32', row.call([address, pack(type, [value]), pack('i64', [1n])]))[0]
  expect([wait(0n), wait(high)]).toEqual([1n, 2n])
})

test('memory.atomic.notify wakes nobody if nobody waits', () => {
  expect(unpack('i32', run('memory.atomic.notify').call([address, pack('i32', [1n])]))).toEqual([0n])
})

test('atomic.fence runs', () => {
  expect(() => run('atomic.fence').call([])).not.toThrow()
})

test('memory.size counts pages, and memory.grow answers the old count or -1', () => {
  expect(unpack('i32', run('memory.size').call([]))).toEqual([1n])
  const grow = (pages: bigint) => {
    const heap = memory({ initial: 1, maximum: 2 })
    const code = func('grow', { pages: 'i32' }, ['i32'], (f, { pages }) => f.get(pages).op('memory.grow'))
    const instance = new WebAssembly.Instance(
      new WebAssembly.Module(assemble({ memory: heap, exports: { grow: code } }).toBytes()),
    )
    return (instance.exports.grow as (pages: number) => number)(Number(pages))
  }
  expect([grow(1n), grow(2n)]).toEqual([1, -1])
})

test('memory.fill and memory.copy take destination, value or source, and count', () => {
  const word = (value: number) => pack('i32', [BigInt(value)])
  const fill = run('memory.fill')
  fill.call([word(300), word(0x1ff), word(3)])
  expect([...fill.all.slice(299, 304)]).toEqual([0, 255, 255, 255, 0])
  const copy = run('memory.copy')
  copy.all.set([1, 2, 3, 4], 400)
  copy.call([word(401), word(400), word(3)])
  expect([...copy.all.slice(400, 405)]).toEqual([1, 1, 2, 3, 0])
})

test('every row of the table is executed by one of these tests', () => {
  const others = [
    'atomic.fence',
    'memory.atomic.notify',
    'memory.copy',
    'memory.fill',
    'memory.grow',
    'memory.size',
  ]
  const executed = new Set<string>([
    ...computing,
    ...accesses,
    ...updates,
    ...waits,
    ...others,
    ...constants.map(([name]) => name),
  ])
  expect(names.filter(name => !executed.has(name))).toEqual([])
})

test('no two rows have the same bytes', () => {
  expect(new Set(names.map(name => opcodes[name].bytes.join())).size).toBe(names.length)
})
