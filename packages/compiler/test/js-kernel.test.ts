import {
  allocate,
  type BufferParam,
  bytesOf,
  type DType,
  dtypeInfo,
  type InstructionName,
  instructions,
  interpretKernel,
  intrinsicNames,
  type Kernel,
  type Loop,
  type Register,
  type Scalar,
  type ScalarType,
  type SizeParam,
  type Statement,
  s,
  scalarType,
  type TypedArray,
} from '@arignote/loops'
import { expect, test } from '@jest/globals'
import { emitKernel, jsBackend } from '../src/5-emit/js/index.js'

const buffer = (name: string, dtype: DType, access: BufferParam['access'] = 'read'): BufferParam => ({
  kind: 'buffer',
  name,
  dtype,
  access,
})
const size = (name: string): SizeParam => ({ kind: 'size', name })
const register = (name: string, type: ScalarType): Register => ({ name, type })

function loop(
  axis: Loop['axis'],
  begin: Scalar,
  end: Scalar,
  body: readonly Statement[],
  more: Partial<Loop> = {},
): Loop {
  return { kind: 'loop', axis, begin, end, step: 1, mode: 'serial', jam: 1, folds: [], body, ...more }
}

function kernel(params: Kernel['params'], body: readonly Statement[], range: Kernel['range'] = null): Kernel {
  return { name: 'test', params, body, range }
}

/** Runs a kernel in JavaScript and in the interpreter; all buffers must come out the same, bit for bit. */
function agree(tested: Kernel, args: readonly (TypedArray | number)[]): readonly (TypedArray | number)[] {
  const memory = new WebAssembly.Memory({ initial: 8 })
  const bytes = memory.buffer
  const views = {
    float32: new Float32Array(bytes),
    float64: new Float64Array(bytes),
    int32: new Int32Array(bytes),
    uint8: new Uint8Array(bytes),
  }
  let next = 64
  const places = args.map((arg, i) => {
    const param = tested.params[i]!
    if (typeof arg === 'number' || param.kind === 'size') return arg as number
    const address = next
    new dtypeInfo[param.dtype].array(bytes, address, arg.length).set(arg as never)
    next += Math.ceil((arg.length * bytesOf(param.dtype)) / 16) * 16 + 16
    return address
  })
  const copies = args.map(arg => (typeof arg === 'number' ? arg : arg.slice()))
  jsBackend.load([tested], { memory, views })[0]!(...places)
  interpretKernel(tested, copies)
  for (const [i, param] of tested.params.entries()) {
    if (param.kind === 'size') continue
    const copy = copies[i] as TypedArray
    expect(new dtypeInfo[param.dtype].array(bytes, places[i]!, copy.length)).toEqual(copy)
  }
  return copies
}

const samples: Record<DType, readonly number[]> = {
  bool: [0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0],
  uint8: [0, 1, 2, 255, 7, 128, 127, 3, 4, 5, 6, 200],
  int32: [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 7, -7, 3, 33, -100, 12345, 2],
  float32: [0, -0, 1, -1.5, 2.5, Number.NaN, Infinity, -Infinity, 1e-40, 3e9, -0.1, 0.7],
  float64: [0, -0, 1, -1.5, 2.5, Number.NaN, Infinity, -Infinity, 5e-324, 3e9, -0.1, 0.7],
}

const dtypeOf = (type: ScalarType): DType => (type === 'int64' ? 'float64' : type)

/** Every pair of sample values through f. */
function overSamples(type: ScalarType, f: (x: Scalar, y: Scalar) => Scalar): void {
  const [x, y] = [buffer('x', dtypeOf(type)), buffer('y', dtypeOf(type))]
  const [i, j] = [{ name: 'i' }, { name: 'j' }]
  const [xi, yj] = [s.load(x, s.axis(i)), s.load(y, s.axis(j))]
  let value = type === 'int64' ? f(s.bitsOf64(xi), s.bitsOf64(yj)) : f(xi, yj)
  if (value.type === 'int64') value = s.fromBits64(value)
  const z = buffer('z', dtypeOf(value.type), 'write')
  const store: Statement = { kind: 'store', buffer: z, index: s.add(s.mul(s.axis(i), 12), s.axis(j)), value }
  const values = Object.assign(allocate(x.dtype, 12), samples[x.dtype])
  agree(kernel([x, y, z], [loop(i, s.int(0), s.int(12), [loop(j, s.int(0), s.int(12), [store])])]), [
    values,
    values,
    allocate(z.dtype, 144),
  ])
}

const build = (name: InstructionName, type: ScalarType, args: readonly Scalar[]): Scalar => {
  const { result } = instructions[name]
  return { kind: 'instruction', name, args, type: result === 'same' ? type : result }
}

for (const name of Object.keys(instructions) as InstructionName[]) {
  for (const type of instructions[name].accepts) {
    test(`${name} of ${type} means what the interpreter says`, () => {
      overSamples(type, (x, y) => {
        if (name === 'select') return build(name, type, [type === 'bool' ? y : s.ne(x, y), x, y])
        if (name.startsWith('sh')) return build(name, type, [x, s.int(5)])
        return build(name, type, [x, y, x].slice(0, instructions[name].arity))
      })
    })
  }
}

test('intrinsics are JavaScript’s own, rounded to the type', () => {
  for (const name of intrinsicNames) {
    for (const type of ['float32', 'float64'] as const) {
      overSamples(type, (x, y) => ({
        kind: 'intrinsic',
        name,
        type,
        args: name === 'pow' || name === 'atan2' ? [x, y] : [x],
      }))
    }
  }
})

test('a float32 expression is rounded after each instruction, and before a comparison', () => {
  overSamples('float32', (x, y) =>
    s.select(s.lt(s.add(s.mul(x, y), 0.1), s.mul(y, 0.3)), s.sub(s.div(x, y), x), s.sqrt(x)),
  )
})

const normal = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * i + 1))

/** c[i, j] := Σₖ a[i, k]·b[k, j] by tiles of 4 × 8: rows in registers, columns in lanes. */
function contraction(): Kernel {
  const [a, b, c] = [buffer('a', 'float32'), buffer('b', 'float32'), buffer('c', 'float32', 'write')]
  const [rows, begin, end] = [size('rows'), size('begin'), size('end')]
  const [i, j, k] = [{ name: 'i' }, { name: 'j' }, { name: 'k' }]
  const registers = [0, 1, 2, 3].map(r => register(`r${r}`, 'float32'))
  const at = (r: number) => s.add(s.axis(i), r)
  const tile = loop(
    j,
    s.int(0),
    s.int(16),
    [
      ...registers.map((r): Statement => ({ kind: 'declare', register: r, value: s.const('float32', 0) })),
      loop(
        k,
        s.int(0),
        s.size(rows),
        registers.map(
          (x, r): Statement => ({
            kind: 'assign',
            register: x,
            value: s.mulAdd(
              s.load(a, s.add(s.mul(at(r), s.size(rows)), s.axis(k))),
              s.load(b, s.add(s.mul(s.axis(k), 16), s.axis(j))),
              s.register(x),
            ),
          }),
        ),
      ),
      ...registers.map(
        (x, r): Statement => ({
          kind: 'store',
          buffer: c,
          index: s.add(s.mul(at(r), 16), s.axis(j)),
          value: s.tanh(s.register(x)),
        }),
      ),
    ],
    { mode: 'lanes', jam: 2 },
  )
  return kernel([a, b, c, rows, begin, end], [loop(i, s.size(begin), s.size(end), [tile], { step: 4 })], {
    begin,
    end,
    align: 4,
  })
}

test('a contraction’s tile agrees, and runs only its range', () => {
  const [, , c] = agree(contraction(), [normal(8 * 5), normal(5 * 16), new Float32Array(8 * 16), 5, 4, 8])
  expect((c as Float32Array).slice(0, 64).every(x => x === 0)).toBe(true)
  expect((c as Float32Array).slice(64).every(x => x !== 0)).toBe(true)
})

test('what does not change in a loop is computed before it', () => {
  expect(emitKernel(contraction())).toMatchInlineSnapshot(`
"(p0, p1, p2, n0, n1, n2) => {
  const { float32 } = views
  const a0 = p0 >> 2
  const a1 = p1 >> 2
  const a2 = p2 >> 2
  n0 = n0 | 0
  n1 = n1 | 0
  n2 = n2 | 0
  for (let i0 = n1; i0 < n2; i0 += 4) {
    const v0 = (a0 + Math.imul(i0, n0) | 0)
    const v1 = (i0 + 1 | 0)
    const v2 = (a0 + Math.imul(v1, n0) | 0)
    const v3 = (i0 + 2 | 0)
    const v4 = (a0 + Math.imul(v3, n0) | 0)
    const v5 = (i0 + 3 | 0)
    const v6 = (a0 + Math.imul(v5, n0) | 0)
    const v7 = (a2 + Math.imul(i0, 16) | 0)
    const v8 = (a2 + Math.imul(v1, 16) | 0)
    const v9 = (a2 + Math.imul(v3, 16) | 0)
    const v10 = (a2 + Math.imul(v5, 16) | 0)
    for (let i1 = 0; i1 < 16; i1++) {
      let r0 = 0
      let r1 = 0
      let r2 = 0
      let r3 = 0
      const v11 = (a1 + i1 | 0)
      for (let i2 = 0; i2 < n0; i2++) {
        const v12 = float32[(v11 + Math.imul(i2, 16) | 0)]
        r0 = fround((float32[(v0 + i2 | 0)] * v12 + r0))
        r1 = fround((float32[(v2 + i2 | 0)] * v12 + r1))
        r2 = fround((float32[(v4 + i2 | 0)] * v12 + r2))
        r3 = fround((float32[(v6 + i2 | 0)] * v12 + r3))
      }
      float32[(v7 + i1 | 0)] = Math.tanh(r0)
      float32[(v8 + i1 | 0)] = Math.tanh(r1)
      float32[(v9 + i1 | 0)] = Math.tanh(r2)
      float32[(v10 + i1 | 0)] = Math.tanh(r3)
    }
  }
}"
`)
})

test('a register that a loop assigns is read anew in it and after it', () => {
  const [x, y] = [buffer('x', 'float32'), buffer('y', 'float32', 'write')]
  const [sum, i] = [register('sum', 'float32'), { name: 'i' }]
  const twice = s.mul(s.register(sum), 2)
  const store = (index: Scalar): Statement => ({ kind: 'store', buffer: y, index, value: twice })
  const tested = kernel(
    [x, y],
    [
      { kind: 'declare', register: sum, value: s.const('float32', 1) },
      store(s.int(0)),
      loop(i, s.int(0), s.int(5), [
        store(s.add(s.axis(i), 1)),
        { kind: 'assign', register: sum, value: s.add(s.register(sum), s.load(x, s.axis(i))) },
      ]),
      store(s.int(6)),
    ],
  )
  const [, result] = agree(tested, [normal(5), new Float32Array(7)])
  expect(new Set(result as Float32Array).size).toBe(6)
})

test('a load is repeated after a store to its buffer, and kept over stores to others', () => {
  const [x, y, i] = [buffer('x', 'float32', 'readwrite'), buffer('y', 'float32', 'write'), { name: 'i' }]
  const load = s.load(x, s.int(0))
  const tested = kernel(
    [x, y],
    [
      loop(i, s.int(0), s.int(4), [
        { kind: 'store', buffer: y, index: s.axis(i), value: s.exp(load) },
        { kind: 'store', buffer: x, index: s.int(0), value: s.add(s.exp(load), 1) },
        { kind: 'store', buffer: y, index: s.add(s.axis(i), 4), value: s.exp(load) },
      ]),
    ],
  )
  agree(tested, [Float32Array.of(-2), new Float32Array(8)])
  expect(emitKernel(tested).match(/Math\.exp/g)).toHaveLength(2)
})

test('a loop’s end is read once, before it', () => {
  const [y, n, i] = [buffer('y', 'int32', 'write'), register('n', 'int32'), { name: 'i' }]
  agree(
    kernel(
      [y],
      [
        { kind: 'declare', register: n, value: s.int(3) },
        loop(i, s.int(0), s.register(n), [
          { kind: 'assign', register: n, value: s.add(s.register(n), 5) },
          { kind: 'store', buffer: y, index: s.axis(i), value: s.register(n) },
        ]),
      ],
    ),
    [new Int32Array(6)],
  )
})

test('a check reports the first failure only', () => {
  const [x, errors, i] = [buffer('x', 'int32'), buffer('errors', 'int32', 'readwrite'), { name: 'i' }]
  const value = s.load(x, s.axis(i))
  const ok = s.and(s.ge(value, 0), s.lt(value, 10))
  const tested = kernel(
    [x, errors],
    [loop(i, s.int(0), s.int(4), [{ kind: 'check', ok, errors, code: 7, value }])],
  )
  expect(agree(tested, [Int32Array.of(1, 99, -3, 2), new Int32Array(2)])[1]).toEqual(Int32Array.of(7, 99))
})

test('types widen on load and narrow on store', () => {
  const dtypes = ['bool', 'uint8', 'int32', 'float32', 'float64'] as const
  for (const from of dtypes) {
    for (const to of dtypes) {
      const [x, y, i] = [buffer('x', from), buffer('y', to, 'write'), { name: 'i' }]
      const value = s.cast(s.load(x, s.axis(i)), to)
      expect(value.type).toBe(scalarType(to))
      const tested = kernel(
        [x, y],
        [loop(i, s.int(0), s.int(12), [{ kind: 'store', buffer: y, index: s.axis(i), value }])],
      )
      agree(tested, [Object.assign(allocate(from, 12), samples[from]), allocate(to, 12)])
    }
  }
})

test('a deep chain compiles without overflowing the parser', () => {
  const [x, y] = [buffer('x', 'float32'), buffer('y', 'float32', 'write')]
  let value = s.load(x, s.int(0))
  for (let i = 0; i < 5000; i++) value = s.add(value, s.const('float32', i))
  agree(kernel([x, y], [{ kind: 'store', buffer: y, index: s.int(0), value }]), [
    normal(1),
    new Float32Array(1),
  ])
})
