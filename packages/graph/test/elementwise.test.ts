import { type DType, dtypes } from '@arignote/loops'
import { describe, expect, test } from '@jest/globals'
import * as G from '../src/index.js'
import {
  add,
  atan2,
  cast,
  div,
  eq,
  exp,
  matrix,
  maximum,
  named,
  neg,
  pow,
  sub,
  tensor,
  vector,
  where,
} from '../src/index.js'
import { requirementsOf, typeOf } from './messages.js'

const of = (dtype: DType) => vector(dtype, { dtype, shape: [3] })
const table = (op: (x: G.Variable, y: G.Variable) => G.Variable, list: readonly DType[] = dtypes) =>
  list.map(a => list.map(b => op(of(a), of(b)).dtype).join(' ')).join('\n')

describe('promotion', () => {
  test('the greater dtype wins', () => {
    expect(table(add)).toMatchInlineSnapshot(`
"bool uint8 int32 float32 float64
uint8 uint8 int32 float32 float64
int32 int32 int32 float32 float64
float32 float32 float32 float32 float64
float64 float64 float64 float64 float64"
`)
    expect(table(maximum)).toBe(table(add))
  })

  test('div and functions of real numbers make integers float32', () => {
    expect(table(div)).toMatchInlineSnapshot(`
"float32 float32 float32 float32 float64
float32 float32 float32 float32 float64
float32 float32 float32 float32 float64
float32 float32 float32 float32 float64
float64 float64 float64 float64 float64"
`)
    expect(table(atan2)).toBe(table(div))
    expect(dtypes.map(d => exp(of(d)).dtype)).toEqual(['float32', 'float32', 'float32', 'float32', 'float64'])
  })

  test('comparisons give bool, whatever they compare', () => {
    expect(new Set(table(eq).split(/\s/))).toEqual(new Set(['bool']))
  })

  test.each([
    ['bool', 1, 'int32'],
    ['bool', true, 'bool'],
    ['bool', 0.5, 'float32'],
    ['uint8', 255, 'uint8'],
    ['uint8', 256, 'int32'],
    ['uint8', -1, 'int32'],
    ['int32', 2 ** 31 - 1, 'int32'],
    ['int32', 2 ** 31, 'float32'],
    ['int32', 0.5, 'float32'],
    ['int32', Number.NaN, 'float32'],
    ['float32', 1e300, 'float32'],
    ['float64', 0.1, 'float64'],
  ] as const)('%s and the plain number %s give %s', (dtype, number, result) => {
    expect(add(of(dtype), number).dtype).toBe(result)
    expect(add(number, of(dtype)).dtype).toBe(result)
  })

  test('nested arrays adapt as numbers do, typed arrays bring their own dtype', () => {
    expect(add(of('float64'), [1, 2, 3]).dtype).toBe('float64')
    expect(add(of('int32'), [1, 2, 3]).dtype).toBe('int32')
    expect(add(of('int32'), [1, 2, 0.5]).dtype).toBe('float32')
    expect(add(of('float32'), new Float64Array(3)).dtype).toBe('float64')
    expect(add(1, 2).dtype).toBe('float32')
  })

  test('a negative power makes integers float32', () => {
    expect([pow(of('int32'), 2).dtype, pow(of('int32'), -1).dtype]).toEqual(['int32', 'float32'])
  })

  test('casts are explicit nodes, and a cast to the same dtype is none', () => {
    const x = of('int32')
    expect(G.printGraph(x.add(of('float64')))).toMatchInlineSnapshot(`
"int32:i32[3] = input
float64:f64[3] = input
a:f64[3] = cast int32 {dtype: float64}
b:f64[3] = add a float64
return b"
`)
    expect(cast(x, 'int32')).toBe(x)
  })
})

describe('broadcasting', () => {
  const shapes = (...all: readonly (readonly (number | string)[])[]) =>
    typeOf(all.map(shape => tensor(null, { shape })).reduce((a, b) => add(a, b) as never))

  test('sizes 1 and missing axes are repeated', () => {
    expect(shapes([2, 3], [3])).toBe('f32[2, 3]')
    expect(shapes([2, 1], [1, 3])).toBe('f32[2, 3]')
    expect(shapes([], [4, 1, 2])).toBe('f32[4, 1, 2]')
    expect(shapes([1], [1, 1])).toBe('f32[1, 1]')
    expect(shapes([0, 3], [1])).toBe('f32[0, 3]')
    expect(shapes(['batch', 1], [5])).toBe('f32[batch, 5]')
    expect(shapes(['batch', 3], ['batch', 3])).toBe('f32[batch, 3]')
  })

  test('it is an explicit node', () => {
    const x = matrix('x', { shape: ['batch', 3] })
    expect(G.printGraph(x.add(vector('b', { shape: [3] })))).toMatchInlineSnapshot(`
"b:f32[3] = input
x:f32[batch, 3] = input
a:f32[1, 3] = expandDims b {axes: [0]}
c:f32[batch, 3] = expand a {shape: [batch, 3]}
d:f32[batch, 3] = add x c
return d"
`)
  })

  test('a symbolic size never broadcasts: it must turn out equal, and the number is what is known', () => {
    const x = vector('x', { shape: ['batch'] })
    const sum = add(x, vector('y', { shape: [10] }))
    expect(typeOf(sum)).toBe('f32[10]')
    expect(requirementsOf(sum)).toEqual(['batch = 10: sizes must be equal on axis 0'])
    expect(typeOf(add(x, vector('z', { shape: ['time'] })))).toBe('f32[batch]')
    expect(requirementsOf(add(x, 1))).toEqual([])
  })

  test('row and col broadcast', () => {
    expect(typeOf(add(matrix(null, { shape: ['m', 'n'] }), G.row(null, { shape: [1, 'n'] })))).toBe(
      'f32[m, n]',
    )
    expect(typeOf(add(G.row(null, { shape: [1, 'n'] }), G.col(null, { shape: ['m', 1] })))).toBe('f32[m, n]')
  })

  test('where broadcasts all three, and takes any condition', () => {
    const x = matrix(null, { shape: [2, 3] })
    expect(typeOf(where(vector(null, { shape: [3] }), x, 0))).toBe('f32[2, 3]')
    expect(typeOf(where(x.gt(0), 1, 2))).toBe('f32[2, 3]')
    expect(typeOf(where(true, of('int32'), of('uint8')))).toBe('i32[3]')
  })
})

describe('interning', () => {
  const x = vector('x')
  test('the same operation on the same operands is the same variable', () => {
    expect(add(x, x)).toBe(x.add(x))
    expect(add(x, 1)).toBe(add(x, 1))
    expect(sub(exp(x), 2)).toBe(sub(exp(x), 2))
    expect(x.reshape([2, -1])).toBe(x.reshape([2, -1]))
    expect(add(x, 0)).not.toBe(add(x, -0))
    expect(add(x, 1)).not.toBe(add(1, x))
  })

  test('inputs are never the same, whatever their names', () => {
    expect(vector('x')).not.toBe(vector('x'))
    expect(neg(vector('x'))).not.toBe(neg(vector('x')))
  })

  test('short constants are one by content, long ones by identity', () => {
    expect(G.constant([1, 2])).toBe(G.constant([1, 2]))
    expect(G.constant([1, 2])).not.toBe(G.constant([1, 2], 'int32'))
    expect(G.constant([1, 2])).not.toBe(G.constant([[1, 2]]))
    const long = new Float32Array(65)
    expect(G.constant(long)).not.toBe(G.constant(long))
  })

  test('a name is a node of its own', () => {
    expect(x.exp().named('h').name).toBe('h')
    expect(x.exp().name).toBeNull()
    expect(named(x, 'h')).toBe(x.named('h'))
    expect(typeOf(x.named('h'))).toBe(typeOf(x))
  })

  test('nodes that one call makes share the place of the call', () => {
    const sum = vector('u').add(3)
    const places = (v: G.Variable): (string | null)[] => [
      ...v.owner!.origins.map(o => o.place),
      ...v.owner!.inputs.flatMap(i => (i.owner ? places(i) : [])),
    ]
    const [first, ...others] = places(sum)
    expect(first).toMatch(/elementwise\.test\.ts:\d+:\d+$/)
    expect(others.filter(place => place === first)).not.toEqual([])
  })

  test('a chain of 100 000 nodes is built, read and printed without recursion', () => {
    const before = process.cpuUsage()
    let v: G.Variable = x
    for (let i = 0; i < 50_000; i++) v = v.tanh().mul(x)
    const { user } = process.cpuUsage(before)
    expect(G.topologicalOrder([v]).length).toBe(100_000)
    expect(G.printGraph(v).split('\n').length).toBe(100_002)
    expect(G.toDot(v)).toContain('n99999')
    G.verifyLambda(G.lambda([x], [v]))
    // Half a second on an idle machine.
    expect(user / 1e6).toBeLessThan(5)
  })
})

test('every elementwise builder carries its op', () => {
  for (const builder of [add, exp, eq, where, cast, named, G.stopGradient, G.relu, G.isNaN, G.sigmoid, pow]) {
    expect(builder.op.family.kind).toBe('map')
  }
  expect(add(1, 2).owner!.op).toBe(add.op)
  expect(pow(2, 3).owner!.op).toBe(pow.op)
})

test('unary operations: what becomes of each dtype', () => {
  const names = [
    'neg',
    'abs',
    'sign',
    'square',
    'floor',
    'relu',
    'not',
    'exp',
    'sigmoid',
    'gelu',
    'isNaN',
  ] as const
  const result = (name: (typeof names)[number], dtype: DType) => {
    try {
      return of(dtype)[name]().dtype
    } catch (error) {
      return (error as Error).name
    }
  }
  const lines = names.map(name =>
    [name, ...dtypes.map(d => result(name, d))]
      .map(t => t.padEnd(12))
      .join('')
      .trim(),
  )
  expect(lines.join('\n')).toMatchInlineSnapshot(`
"neg         DTypeError  uint8       int32       float32     float64
abs         bool        uint8       int32       float32     float64
sign        bool        uint8       int32       float32     float64
square      bool        uint8       int32       float32     float64
floor       bool        uint8       int32       float32     float64
relu        bool        uint8       int32       float32     float64
not         bool        uint8       int32       DTypeError  DTypeError
exp         float32     float32     float32     float32     float64
sigmoid     float32     float32     float32     float32     float64
gelu        float32     float32     float32     float32     float64
isNaN       bool        bool        bool        bool        bool"
`)
})
