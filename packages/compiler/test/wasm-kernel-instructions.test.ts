import {
  type DType,
  type InstructionName,
  instructions,
  type Scalar,
  type ScalarType,
  type Statement,
  s,
  type TypedArray,
} from '@arignote/loops'
import { expect, test } from '@jest/globals'
import {
  agree,
  buffer,
  expected,
  filled,
  fused,
  kernel,
  lanes,
  run,
  size,
  store,
} from './wasm-kernel-harness.js'

const nasty = {
  float32: [
    0,
    -0,
    1,
    -1,
    0.5,
    1.5,
    2.5,
    -0.5,
    3.7,
    -3.2,
    1e-45,
    -1e-40,
    3.4e38,
    2147483648,
    -2147483649,
    1e10,
    1 / 0,
    -1 / 0,
    Number.NaN,
  ],
  float64: [
    0,
    -0,
    1,
    -1,
    0.5,
    2.5,
    -0.5,
    3.7,
    5e-324,
    1e-310,
    1.7e308,
    2147483647.5,
    -2147483649,
    2251799813685249.5,
    1 / 0,
    -1 / 0,
    Number.NaN,
  ],
  int32: [0, 1, -1, 2, 7, -7, 31, 32, 255, 65536, 2147483647, -2147483648, -2147483647],
  bool: [0, 1, 1, 0, 1],
} as const

type Stored = keyof typeof nasty

/** int64 lives in float64 buffers, as bits. */
const storedAs = (type: ScalarType): Stored => (type === 'int64' ? 'float64' : type)

const all = Object.entries(instructions) as [InstructionName, (typeof instructions)[InstructionName]][]
const cases = all.flatMap(([name, { accepts, arity, result }]) =>
  accepts.map(type => ({ name, type: type as ScalarType, arity, result: result as ScalarType | 'same' })),
)

const operandTypes = (name: InstructionName, type: ScalarType, arity: number): ScalarType[] => {
  if (name === 'select') return ['bool', type, type]
  return new Array<ScalarType>(name.startsWith('sh') ? 1 : arity).fill(type)
}

/** All combinations of nasty values, one array for each operand. */
function operands(types: readonly ScalarType[], moderate: boolean): TypedArray[] {
  const lists = types.map(type =>
    nasty[storedAs(type)].filter(x => !moderate || !(x !== 0 && (Math.abs(x) < 1e-30 || Math.abs(x) > 1e12))),
  )
  const count = lists.reduce((n, list) => n * list.length, 1)
  const length = types.length === 3 ? Math.min(count, 1500) : count
  let stride = 1
  return lists.map((list, i) => {
    const step = stride
    stride *= list.length
    // 7919 is prime: a sample of the combinations where there are too many.
    const at = (k: number) => Math.floor((length < count ? (k * 7919) % count : k) / step) % list.length
    return filled(storedAs(types[i]!), length, k => list[at(k)]!)
  })
}

/** `out[i] = name(…)` over all combinations; `wide` adds a float64 value to the loop, so that it has two lanes. */
function kernelOf(
  name: InstructionName,
  types: readonly ScalarType[],
  result: ScalarType,
  wide: boolean,
  count: Scalar | null,
  jam: number,
) {
  const inputs = types.map((type, i) => buffer(`x${i}`, storedAs(type)))
  const isLong = result === 'int64'
  const out = buffer('out', isLong ? 'int32' : (result as DType), 'write')
  const high = buffer('high', 'int32', 'write')
  const extra = buffer('extra', 'float64', 'readwrite')
  const n = size('n')
  const c = size('c')
  const body = (i: Scalar): Statement[] => {
    const args = types.map((type, k) => {
      const value = s.load(inputs[k]!, i)
      return type === 'int64' ? s.bitsOf64(value) : value
    })
    if (name.startsWith('sh')) args.push(count ?? s.size(c))
    const subject = name === 'select' ? args[1]! : args[0]!
    const info = instructions[name]
    const type = info.result === 'same' ? subject.type : info.result
    const value: Scalar = { kind: 'instruction', name, args, type }
    const long = (x: Scalar): Scalar => ({ kind: 'instruction', name: 'toInt32', args: [x], type: 'int32' })
    return [
      store(out, i, isLong ? long(value) : value),
      ...(isLong ? [store(high, i, long(s.shrU(value, 32)))] : []),
      ...(wide ? [store(extra, i, s.add(s.load(extra, i), 1))] : []),
    ]
  }
  return kernel([...inputs, out, high, extra, n, c], [lanes(s.size(n), jam, body)])
}

test.each(cases)('$name of $type is what the interpreter says', ({ name, type, arity, result }) => {
  const types = operandTypes(name, type, arity)
  // The rounding of mulAdd is free, so neither overflow nor underflow may hang on it.
  const isFree = name === 'mulAdd'
  const arrays = operands(types, isFree)
  const { length } = arrays[0]!
  const to = result === 'same' ? type : result
  const out = filled(to === 'int64' ? 'int32' : (to as DType), length, () => 0)
  const rest = [filled('int32', length, () => 0), filled('float64', length, i => i)]
  const counts = name.startsWith('sh') ? [0, 1, 5, 31, 32, 33, 63, 64, 95] : [0]
  for (const count of counts) {
    for (const wide of [false, true]) {
      for (const literal of [s.int(count), null]) {
        if (literal === null && !name.startsWith('sh')) continue
        agree(
          kernelOf(name, types, to, wide, literal, 2),
          [...arrays, out, ...rest, length, count],
          isFree ? 1e-5 : 0,
        )
      }
    }
  }
})

test('quot and rem by constants and by uniform divisors never trap', () => {
  const x = buffer('x', 'int32')
  const q = buffer('q', 'int32', 'write')
  const r = buffer('r', 'int32', 'write')
  const n = size('n')
  const values = filled('int32', 13, i => nasty.int32[i]!)
  for (const divisor of [0, 1, -1, 3, -4, -2147483648]) {
    for (const d of [s.int(divisor), s.size(n)]) {
      const body = (i: Scalar) => [store(q, i, s.quot(s.load(x, i), d)), store(r, i, s.rem(s.load(x, i), d))]
      agree(kernel([x, q, r, n], [lanes(13, 1, body)]), [values, values, values, divisor])
    }
  }
})

test.each(['min', 'max'] as const)('%s with a constant passes NaN on and tells zeros apart', name => {
  for (const type of ['float32', 'float64'] as const) {
    const x = buffer('x', type)
    const y = buffer('y', type, 'write')
    const values = filled(type, nasty[type].length, i => nasty[type][i]!)
    for (const bound of [0, -0, 1, -3, 1 / 0, Number.NaN]) {
      for (const order of [0, 1]) {
        const c = s.const(type, bound)
        const body = (i: Scalar) => [store(y, i, order ? s[name](c, s.load(x, i)) : s[name](s.load(x, i), c))]
        agree(kernel([x, y], [lanes(values.length, 1, body)]), [values, values])
      }
    }
  }
})

const whenFused = fused === null ? test.skip : test
whenFused('mulAdd fuses where the engine can', () => {
  const [x, y, z] = [buffer('x', 'float32'), buffer('y', 'float32'), buffer('z', 'float32', 'readwrite')]
  const body = (i: Scalar) => [store(z, i, s.mulAdd(s.load(x, i), s.load(y, i), s.load(z, i)))]
  const k = kernel([x, y, z], [lanes(21, 2, body)])
  const args = [1, 2, 3].map(seed => filled('float32', 21, i => Math.sin(i * seed)))
  const right = expected(k, args)[2]!
  for (const [i, value] of run(fused!, k, args)[2]!.entries()) expect(value).toBeCloseTo(right[i]!, 6)
  expect(fused!.text([k])).toContain('f32x4.relaxed_madd')
})
