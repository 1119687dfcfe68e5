/** The rewriting engine and its patterns, on graphs small enough to see. */

import {
  add,
  anything,
  applyScan,
  as,
  commuted,
  constant,
  expand,
  expandDims,
  lambda,
  literal,
  literalOf,
  madeBy,
  mul,
  named,
  neg,
  of,
  orders,
  printPattern,
  rewrite,
  rule,
  type ScanParams,
  suchThat,
  tensorType,
  topologicalOrder,
  Variable,
} from '@arignote/graph'
import { expect, test } from '@jest/globals'

const input = (name: string, shape: readonly number[] = [3]) =>
  new Variable(tensorType('float32', shape), null, 0, name)
const x = input('x')
const y = input('y')
const zero = constant(0)
const zeros = expand(expandDims(zero, 0), [3])

const plusZero = rule('x + 0 → x', commuted(add, anything('x'), literal(0)), ({ x }) => x)
const twiceNegated = rule('−−x → x', of(neg, of(neg, anything('x'))), ({ x }) => x)
const unnamed = rule('named x → x', of(named, anything('x')), ({ x }) => x)

const one = (v: Variable, ...rules: Parameters<typeof rewrite>[1]) => rewrite([v], rules)[0]!

test('a rule applies wherever its pattern stands, until none does', () => {
  expect(one(neg(neg(add(add(x, zeros), zeros))), plusZero, twiceNegated)).toBe(x)
})

test('a commuting pattern matches both orders', () => {
  expect(one(add(zeros, x), plusZero)).toBe(x)
  expect(orders(plusZero.pattern).map(printPattern)).toEqual(['add(x, 0)', 'add(0, x)'])
})

test('what a rule uncovers is rewritten in turn', () => {
  expect(one(neg(named(neg(x), 'minus')), twiceNegated, unnamed)).toBe(x)
})

test('a name that occurs twice means one variable', () => {
  const double = rule('x + x → x · 2', of(add, anything('x'), anything('x')), ({ x }) => mul(x, 2))
  expect(one(add(x, y), double)).toBe(add(x, y))
  expect(one(add(x, x), double)).toBe(mul(x, 2))
})

test('conditions, whole captures and families', () => {
  const big = rule(
    'a sum of anything but x → its negation',
    as(
      'whole',
      suchThat(madeBy('map'), v => v.owner!.op === add.op && !v.owner!.inputs.includes(x)),
    ),
    ({ whole }) => neg(whole.owner!.inputs[0]!),
  )
  expect(one(add(y, y), big)).toBe(neg(y))
  expect(one(add(x, y), big)).toBe(add(x, y))
})

test('a family from what some families made: every input counts', () => {
  const ofViews = rule(
    'map of views → its first input',
    madeBy('map', ['view']),
    (_, v) => v.owner!.inputs[0]!,
  )
  const view = expand(expandDims(y, 0), [2, 3])
  const other = input('other', [2, 3])
  expect(one(add(view, expand(expandDims(x, 0), [2, 3])), ofViews)).toBe(view)
  expect(one(add(view, other), ofViews)).toBe(add(view, other))
  expect(one(add(other, view), ofViews)).toBe(add(other, view))
})

test('a literal is a number however it is broadcast', () => {
  expect([zero, zeros, constant([0, 0]), x].map(literalOf)).toEqual([0, 0, null, null])
})

test('untouched parts stay the same objects, and shared parts are rewritten once', () => {
  let calls = 0
  const counting = rule('named x → x', of(named, anything('x')), ({ x }) => {
    calls++
    return x
  })
  const shared = named(neg(x), 'shared')
  const kept = neg(y)
  const [a, b, c] = rewrite([add(shared, kept), mul(shared, kept), kept], [counting])
  expect(calls).toBe(1)
  expect([a, b, c]).toEqual([add(neg(x), kept), mul(neg(x), kept), kept])
})

test('bodies of scans are rewritten too', () => {
  const h = input('h')
  const scan = applyScan(
    { constants: [], carries: [x], sequences: [] },
    lambda([h], [neg(neg(add(h, zeros)))]),
    { length: 4, reverse: false, until: false, name: null },
  )
  const after = one(scan.outputs[0]!, plusZero, twiceNegated)
  const { body } = after.owner!.params as ScanParams
  expect(body.results).toEqual(body.params)
})

test('a replacement keeps the place in the user’s code', () => {
  const product = mul(x, y)
  const before = add(product, zeros)
  const turned = rule('a · b → −b', of(mul, anything('a'), anything('b')), ({ b }) =>
    neg(named(b, 'from the rule')),
  )
  const after = one(before, plusZero, turned)
  expect(after.owner!.origins).toEqual(product.owner!.origins)
})

test('rules that go round in circles are reported by name', () => {
  const there = rule('−x → x · −1', of(neg, anything('x')), ({ x }) => mul(x, -1))
  const back = rule('x · −1 → −x', commuted(mul, anything('x'), literal(-1)), ({ x }) => neg(x))
  expect(() => one(neg(x), there, back)).toThrow(/does not come to an end.*−x → x · −1 \| x · −1 → −x/)
})

test('a rule that grows for ever runs out of its budget', () => {
  const grow = rule('−x → −−−x', of(neg, anything('x')), ({ x }) => neg(neg(neg(x))))
  expect(() => one(neg(x), grow)).toThrow(/does not come to an end/)
})

test('a rule must keep the type', () => {
  const wrong = rule('−x → scalar', of(neg, anything('x')), () => zero)
  expect(() => one(neg(x), wrong)).toThrow('internal: the rule "−x → scalar" turns f32[3] into f32[]')
})

test('each replacement is traced', () => {
  const seen: string[] = []
  rewrite([add(neg(neg(x)), zeros)], [plusZero, twiceNegated], { trace: name => seen.push(name) })
  expect(seen).toEqual(['−−x → x', 'x + 0 → x'])
})

test('a chain of a hundred thousand nodes', () => {
  let v: Variable = x
  for (let i = 0; i < 50_000; i++) v = mul(add(v, zeros), y)
  expect(topologicalOrder([one(v, plusZero)])).toHaveLength(50_000)
}, 60_000)
