import {
  type BufferParam,
  type Fold,
  type Kernel,
  type Loop,
  type Register,
  type Scalar,
  type Statement,
  s,
  verifyKernel,
} from '@arignote/loops'
import { expect, test } from '@jest/globals'

const x: BufferParam = { kind: 'buffer', name: 'x', dtype: 'float32', access: 'read' }
const y: BufferParam = { kind: 'buffer', name: 'y', dtype: 'float32', access: 'write' }
const errors: BufferParam = { kind: 'buffer', name: 'errors', dtype: 'int32', access: 'readwrite' }
const n = { kind: 'size', name: 'n' } as const
const m = { kind: 'size', name: 'm' } as const
const sum: Register = { name: 'sum', type: 'float32' }
const other: Register = { name: 'other', type: 'float32' }
const [i, j] = [{ name: 'i' }, { name: 'j' }]
const zero = s.const('float32', 0)

const kernel = (body: readonly Statement[], range: Kernel['range'] = null): Kernel => ({
  name: 'k',
  params: [x, y, errors, n],
  body,
  range,
})
const store = (value: Scalar, index: Scalar = s.int(0), buffer = y): Statement => ({
  kind: 'store',
  buffer,
  index,
  value,
})
const loop = (body: readonly Statement[], more: Partial<Loop> = {}): Loop => ({
  kind: 'loop',
  axis: i,
  begin: s.int(0),
  end: s.size(n),
  step: 1,
  mode: 'serial',
  jam: 1,
  folds: [],
  body,
  ...more,
})
const declare: Statement = { kind: 'declare', register: sum, value: zero }
const accumulate: Statement = {
  kind: 'assign',
  register: sum,
  value: s.add(s.register(sum), s.load(x, s.axis(i))),
}
const fold: Fold = {
  registers: [sum],
  identity: [zero],
  others: [other],
  combine: [s.add(s.register(sum), s.register(other))],
}
const check: Statement = { kind: 'check', ok: s.lt(s.size(n), 3), errors, code: 1, value: s.size(n) }

test('sound kernels pass', () => {
  verifyKernel(
    kernel([declare, loop([accumulate], { mode: 'lanes', jam: 2, folds: [fold] }), store(s.register(sum))]),
  )
  verifyKernel(kernel([check, loop([declare, store(s.register(sum), s.axis(i))], { mode: 'lanes' })]))
})

const faults: readonly (readonly [string, Kernel])[] = [
  ['store to y: axis i is used outside its loop', kernel([loop([]), store(zero, s.axis(i))])],
  ['store to y: register sum is not declared', kernel([store(s.register(sum)), declare])],
  ['store to y: register sum is not declared', kernel([loop([declare]), store(s.register(sum))])],
  ['declare sum: register sum is declared twice', kernel([declare, declare])],
  ['store to x: x is only for reading', kernel([store(zero, s.int(0), x)])],
  ['store to y: y is only for writing', kernel([store(s.load(y, s.int(0)))])],
  ['store to y: 1 is int32, not float32', kernel([store(s.int(1))])],
  ['store to y: 0.0 is float32, not int32', kernel([store(zero, zero)])],
  ['store to y: size m is no parameter', kernel([store(zero, s.size(m))])],
  [
    'store to y: add of float32, int32',
    kernel([store({ kind: 'instruction', name: 'add', type: 'float32', args: [zero, s.int(1)] })]),
  ],
  ['store to y: 0.1 is no float32', kernel([store({ kind: 'const', type: 'float32', value: 0.1 })])],
  [
    'assign sum: register sum is shared by the iterations and not folded',
    kernel([declare, loop([accumulate], { mode: 'lanes' })]),
  ],
  ['loop over i: only lanes loops jam and fold', kernel([declare, loop([accumulate], { folds: [fold] })])],
  [
    'loop over i: folded register sum is not declared outside',
    kernel([loop([], { mode: 'lanes', folds: [fold] })]),
  ],
  ['loop over i: axis i is bound twice', kernel([loop([loop([])])])],
  [
    'loop over j: a lanes loop is inside another',
    kernel([loop([loop([], { axis: j, mode: 'lanes' })], { mode: 'lanes' })]),
  ],
  ['check 1: a lanes loop cannot check', kernel([loop([check], { mode: 'lanes' })])],
  ['its range: the outermost loop does not run over it', kernel([loop([])], { begin: n, end: n, align: 1 })],
]

test.each(faults)('a fault is named with its statement: %s', (message, faulty) => {
  expect(() => verifyKernel(faulty)).toThrow(`internal: kernel k, ${message}`)
})
