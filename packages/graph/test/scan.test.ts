import type { DType } from '@arignote/loops'
import { describe, expect, test } from '@jest/globals'
import { backward, grad } from '../src/grad.js'
import { add, mul, square, sub } from '../src/ops/arithmetic.js'
import { contract } from '../src/ops/contract.js'
import { sum } from '../src/ops/reduce.js'
import { constant, zeros } from '../src/ops/source.js'
import { sigmoid, tanh } from '../src/ops/transcendental.js'
import { extendScan, type ScanParams } from '../src/scan/op.js'
import { scan } from '../src/scan/scan.js'
import { isExtension } from '../src/scan/twins.js'
import { topologicalOrder } from '../src/traverse.js'
import { type AxisSpec, dimOf, printType, tensorType } from '../src/type.js'
import { type Apply, type Tensor, Variable } from '../src/variable.js'

const input = <D extends DType, const S extends readonly AxisSpec[]>(dtype: D, shape: S, name: string) =>
  new Variable(tensorType(dtype, shape.map(dimOf)), null, 0, name) as Tensor<D, S['length']>
const f32 = <const S extends readonly AxisSpec[]>(name: string, ...shape: S) => input('float32', shape, name)

const scansIn = (...results: readonly Variable[]) =>
  topologicalOrder(results).filter(node => node.op.family.kind === 'scan')
const paramsOf = (node: Apply) => node.params as ScanParams
const bodyOf = (node: Apply) => topologicalOrder(paramsOf(node).body.results)
const count = (nodes: readonly Apply[], kind: string) =>
  nodes.filter(node => node.op.family.kind === kind).length
const constantsOf = (node: Apply) => node.inputs.slice(0, paramsOf(node).counts.constants)

/** The message without the places in the user's code and the code of the error. */
const messageOf = (f: () => unknown): string => {
  try {
    f()
  } catch (error) {
    const lines = (error as Error).message.split('\n').map(line => line.replace(/\s*\[E\d+\]$/, '').trimEnd())
    return lines
      .filter(line => line !== '' && !line.includes('created at'))
      .map(line => line.replace(/ at \S+\.test\.ts:\d+:\d+$/, ' at …'))
      .join('\n')
  }
  throw new Error('nothing was thrown')
}

const dot = (a: Variable, c: Variable) => contract(a, c, { left: [0, 1], right: [1, 2], out: [0, 2] })

const x = f32('x', 'time', 'batch', 8)
const h0 = f32('h0', 'batch', 4)
const W = f32('W', 8, 4)
const U = f32('U', 4, 4)
const b = f32('b', 4)
const rnn = (options: { readonly reverse?: boolean; readonly name?: string } = {}) =>
  scan(({ x, h }) => ({ h: tanh(add(add(dot(x, W), dot(h, U)), b)) }), {
    sequences: { x },
    state: { h: h0 },
    ...options,
  }).h

describe('what a scan is made of', () => {
  test('the step sees slices and states; all and last have the right types', () => {
    const seen: string[] = []
    const r = scan(
      ({ x, h }) => {
        seen.push(printType(x.type), printType(h.type))
        return { h, y: sum(x, 1) }
      },
      { sequences: { x }, state: { h: h0 } },
    )
    const types: [Tensor<'float32', 3>, Tensor<'float32', 2>, Tensor<'float32', 2>, Tensor<'float32', 1>] = [
      r.h.all,
      r.h.last,
      r.y.all,
      r.y.last,
    ]
    expect(seen).toEqual(['f32[batch, 8]', 'f32[batch, 4]'])
    expect(types.map(v => printType(v.type))).toEqual([
      'f32[time, batch, 4]',
      'f32[batch, 4]',
      'f32[time, batch]',
      'f32[batch]',
    ])
  })

  test('what the step closes over becomes constants, as far out as possible; numbers stay inside', () => {
    const node = scansIn(
      scan(({ x, h }) => ({ h: tanh(add(dot(x, mul(W, 2)), mul(h, add(sum(U), 1)))) }), {
        sequences: { x },
        state: { h: h0 },
      }).h.last,
    )[0]!
    const outside = constantsOf(node).map(v => topologicalOrder([v]).map(n => n.op.name))
    expect(outside.map(names => names.at(-1))).toEqual(['mul', 'expand'])
    expect(bodyOf(node).map(n => n.op.name)).toEqual(['contract', 'mul', 'add', 'tanh'])
    const scaled = scan(({ x }) => ({ y: mul(add(x, 1), 3) }), { sequences: { x } }).y.all
    expect(paramsOf(scansIn(scaled)[0]!).counts).toEqual({ constants: 0, carries: 0, sequences: 1 })
  })

  test('a nested scan takes values of the outer step as constants', () => {
    const { y } = scan(
      ({ x }) => ({
        y: scan(({ row, c }) => ({ c: add(c, mul(row, sum(x))) }), {
          sequences: { row: x },
          state: { c: zeros([8]) },
        }).c.last,
      }),
      { sequences: { x } },
    )
    const outer = scansIn(y.all)[0]!
    expect(paramsOf(outer).counts).toEqual({ constants: 0, carries: 0, sequences: 1 })
    const inner = bodyOf(outer).find(n => n.op.family.kind === 'scan')!
    expect(paramsOf(inner).counts).toEqual({ constants: 1, carries: 1, sequences: 1 })
  })

  test('equal steps are one body, whatever the scans and their parts are called', () => {
    expect(rnn({ name: 'first' }).all).toBe(rnn({ name: 'second' }).all)
    const [a, c] = [f32('a', 'n', 4), f32('c', 'n', 4)]
    const twice = (s: Variable) =>
      scansIn(scan(({ s }) => ({ y: mul(s, 2) }), { sequences: { s } }).y.all)[0]!
    expect(paramsOf(twice(a)).body).toBe(paramsOf(twice(c)).body)
  })

  test('the shortest sequence decides, or steps', () => {
    const short = f32('short', 3)
    const long = f32('long', 5)
    const y = scan(({ short, long }) => ({ y: add(short, long) }), { sequences: { short, long } }).y
    expect(printType(y.all.type)).toBe('f32[3]')
    const k = input('int32', [], 'k')
    const visited = scan(({ x }) => ({ y: x }), { sequences: { x }, steps: k }).y.all
    expect(scansIn(visited)[0]!.requires.map(r => r.rule)).toEqual([
      'a scan makes at least 0 steps; taps take as many rows of a sequence away as they reach over',
      'sequence x must have at least as many rows as the scan has steps',
    ])
    expect(visited.shape[0]).toEqual(scan(() => ({ y: W }), { steps: k }).y.all.shape[0])
  })

  test('a number, or a scalar, stands for a whole state that the step broadcasts', () => {
    const v = scan(({ x, h, g }) => ({ h: add(h, x), g: mul(x, g) }), {
      sequences: { x },
      state: { h: 0, g: constant(1) },
    })
    expect(printType(v.h.last.type)).toBe('f32[batch, 8]')
    expect(printType(v.g.last.type)).toBe('f32[batch, 8]')
    const n = scan(({ n }) => ({ n: add(n, constant(1, 'float64')) }), { state: { n: 0 }, steps: 3 }).n.last
    expect(printType(n.type)).toBe('f64[]')
  })

  test('an extended scan keeps its inputs and the index of every output', () => {
    const node = scansIn(rnn().all)[0]!
    const params = paramsOf(node)
    const extended = extendScan(node, [params.body.results[0]!.owner!.inputs[0]!])
    expect(extended.inputs).toEqual(node.inputs)
    expect(extended.outputs.map(v => printType(v.type))).toEqual([
      ...node.outputs.map(v => printType(v.type)),
      'f32[time, batch, 4]',
    ])
    expect(isExtension(extended, node)).toBe(true)
    expect(isExtension(node, extended)).toBe(false)
  })
})

describe('the gradient of a scan', () => {
  const gradientScan = (cost: Variable, wrt: readonly Variable[]) => {
    const gradients = grad(cost, wrt)
    return scansIn(...gradients).find(node => paramsOf(node).reverse)!
  }

  test('of a plain recurrence keeps nothing but the states', () => {
    const forward = scansIn(rnn().all)[0]!
    const gradients = grad(sum(square(rnn().all)), [x, h0, W, U, b])
    const scans = scansIn(...gradients)
    expect(scans).toHaveLength(2)
    expect(scans).toContain(forward)
    const backwards = scans.find(node => node !== forward)!
    expect(paramsOf(backwards)).toMatchObject({ reverse: true, counts: { carries: 4, sequences: 4 } })
    expect(paramsOf(backwards).length).toBe(paramsOf(forward).length)
    expect(count(bodyOf(backwards), 'contract')).toBe(4)
    expect(gradients.map(v => printType(v.type))).toEqual([x, h0, W, U, b].map(v => printType(v.type)))
  })

  test('accumulates each constant by one addition', () => {
    const node = gradientScan(sum(rnn().last), [W, U, b])
    const { body, counts } = paramsOf(node)
    const accumulators = body.params.slice(counts.constants + 1, counts.constants + 4)
    body.results.slice(1, 4).forEach((next, i) => {
      expect(next.owner!.op).toBe(add.op)
      expect(next.owner!.inputs[0]).toBe(accumulators[i])
    })
  })

  test('has no accumulator for what nobody asks about', () => {
    expect(paramsOf(gradientScan(sum(rnn().last), [h0])).counts).toEqual({
      constants: 1,
      carries: 1,
      sequences: 1,
    })
    expect(paramsOf(gradientScan(sum(rnn().all), [x])).counts).toEqual({
      constants: 2,
      carries: 1,
      sequences: 2,
    })
  })

  test('of a GRU keeps its gates and one contraction each; nothing is computed twice', () => {
    const [Wz, Uz, Wr, Ur] = [f32('Wz', 8, 4), f32('Uz', 4, 4), f32('Wr', 8, 4), f32('Ur', 4, 4)]
    const h = scan(
      ({ x, h }) => {
        const z = sigmoid(add(dot(x, Wz), dot(h, Uz)))
        const r = sigmoid(add(dot(x, Wr), dot(h, Ur)))
        const proposed = tanh(add(dot(x, W), dot(mul(r, h), U)))
        return { h: add(mul(z, h), mul(sub(1, z), proposed)) }
      },
      { sequences: { x }, state: { h: h0 } },
    ).h
    const gradients = grad(sum(h.last), [Wz, Uz, Wr, Ur, W, U])
    const [forward, backwards] = scansIn(...gradients) as [Apply, Apply]
    expect(paramsOf(forward).body.results).toHaveLength(1 + 3)
    expect(bodyOf(forward).filter(n => n.op === sigmoid.op)).toHaveLength(2)
    expect(bodyOf(backwards).filter(n => [sigmoid.op, tanh.op].includes(n.op as never))).toHaveLength(0)
    expect(count(bodyOf(backwards), 'contract')).toBe(6 + 3)
    expect(paramsOf(backwards).counts).toEqual({ constants: 3, carries: 7, sequences: 1 + 1 + 3 })
  })

  test('of an LSTM keeps four gates; the cell is read from its trajectory', () => {
    const c0 = f32('c0', 'batch', 4)
    const gates = ['i', 'f', 'g', 'o'].map(n => ({
      W: f32(`W${n}`, 8, 4),
      U: f32(`U${n}`, 4, 4),
      b: f32(`b${n}`, 4),
    }))
    const { h } = scan(
      ({ x, h, c }) => {
        const [i, f, g, o] = gates.map(p => add(add(dot(x, p.W), dot(h, p.U)), p.b)) as [
          Variable,
          Variable,
          Variable,
          Variable,
        ]
        const next = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)))
        return { h: mul(sigmoid(o), tanh(next)), c: next }
      },
      { sequences: { x }, state: { h: h0, c: c0 } },
    )
    const weights = gates.flatMap(p => [p.W, p.U, p.b])
    const [forward, backwards] = scansIn(...grad(sum(h.last), weights)) as [Apply, Apply]
    expect(paramsOf(forward).body.results).toHaveLength(2 + 4)
    expect(bodyOf(backwards).filter(n => n.op === sigmoid.op)).toHaveLength(0)
    expect(count(bodyOf(backwards), 'contract')).toBe(8 + 4)
    expect(paramsOf(backwards).counts).toEqual({ constants: 4, carries: 2 + 12, sequences: 3 + 1 + 4 })
  })

  test('a state that integers count has no cotangent; what does not reach the cost has none either', () => {
    const r = scan(({ x, h, n }) => ({ h: mul(h, sum(x)), n: add(n, 1) }), {
      sequences: { x },
      state: { h: h0, n: constant(0, 'int32') },
    })
    expect(paramsOf(gradientScan(sum(r.h.last), [h0])).counts.carries).toBe(1)
    expect(backward([r.n.last], [r.n.last], [h0])).toEqual([null])
  })

  test('a cotangent that is handed on unchanged is a constant, not a state', () => {
    const total = scan(({ x, s }) => ({ s: add(s, square(x)) }), {
      sequences: { x },
      state: { s: zeros(['batch', 8].map(dimOf)) },
    }).s
    expect(paramsOf(gradientScan(sum(total.last), [x])).counts.carries).toBe(0)
  })

  test('the cotangent of a history is read as it is, without the padding around it', () => {
    const names = topologicalOrder([grad(sum(square(rnn().all)), U)]).map(node => node.op.name)
    expect(names).not.toContain('pad')
    expect(names.filter(name => name === 'slice')).toHaveLength(2)
  })

  test('a gradient of a gradient differentiates a scan and its extension together', () => {
    const h = scan(({ x, h }) => ({ h: mul(sigmoid(dot(x, W)), tanh(dot(h, U))) }), {
      sequences: { x },
      state: { h: h0 },
    }).h
    const first = grad(sum(square(h.all)), U)
    const [original, extended] = scansIn(first).filter(node => !paramsOf(node).reverse) as [Apply, Apply]
    expect([isExtension(extended, original), isExtension(original, extended)].sort()).toEqual([false, true])
    const second = grad(sum(square(first)), U)
    expect(scansIn(second).filter(node => paramsOf(node).reverse)).toHaveLength(2)
  })
})

describe('a scan that cannot be is told apart where it is written', () => {
  const step = ({ x }: { readonly x: Variable }) => ({ y: x })

  test('a name for two things', () => {
    expect(
      messageOf(() => scan(({ x }) => ({ x }), { sequences: { x }, state: { x: h0 } })),
    ).toMatchInlineSnapshot(`
"scan: "x" is both a sequence and a state
  the step finds both under their names: give one of them another"
`)
  })

  test('no telling how many steps', () => {
    expect(messageOf(() => scan(() => ({ y: W }), {}))).toMatchInlineSnapshot(`
"scan: no telling how many steps
  without sequences, say steps: a number or a symbolic int32 scalar"
`)
    expect(messageOf(() => scan(() => ({ y: W }), { steps: 2.5 }))).toMatchInlineSnapshot(`
"scan: steps cannot be 2.5
  steps is a whole number from 0 on, or a symbolic int32 scalar"
`)
    expect(messageOf(() => scan(() => ({ y: W }), { steps: b }))).toMatchInlineSnapshot(`
"scan: steps is not an integer scalar
  b : f32[4]   (input "b")
  steps is a whole number from 0 on, or a symbolic int32 scalar"
`)
  })

  test('sequences that are too short, or none', () => {
    const short = f32('short', 3)
    expect(messageOf(() => scan(step, { sequences: { x: short }, steps: 4 }))).toMatchInlineSnapshot(`
"scan: sequence "x" is shorter than the scan
  short : f32[3]   (input "short")
  a sequence must have at least as many rows as there are steps: 3 < 4"
`)
    expect(messageOf(() => scan(step, { sequences: { x: constant(1) } }))).toMatchInlineSnapshot(`
"scan: sequence "x" has no axis to walk along
  x : f32[]   (constant)
  a sequence is a symbolic tensor of rank 1 or more; its first axis is time"
`)
  })

  test('a state that does not keep its type', () => {
    const grow = (h: Variable, next: (h: Variable) => Variable) => () =>
      scan(({ h }) => ({ h: next(h) }), { state: { h }, steps: 3 })
    expect(messageOf(grow(h0, h => dot(h, f32('V', 4, 6))))).toMatchInlineSnapshot(`
"scan: state "h" does not keep its type
  h0   : f32[batch, 4]   (input "h0")
  next : f32[batch, 6]   (result of contract)
  the next value of a state must have the type of its initial value: axis 1: 4 ≠ 6
  the next value was made at …"
`)
    expect(messageOf(grow(h0, h => add(h, constant(1, 'float64'))))).toMatchInlineSnapshot(`
"scan: state "h" does not keep its type
  h0   : f32[batch, 4]   (input "h0")
  next : f64[batch, 4]   (result of add)
  the next value of a state must have the type of its initial value: f32[batch, 4] ≠ f64[batch, 4]
  float64 comes in with x : f64[]   (constant)
  it meets float32 in add at …
  cast one of them: x.cast('float32')
  the next value was made at …"
`)
    expect(messageOf(grow(constant(0), h => add(square(h), h0)))).toMatchInlineSnapshot(`
"scan: state "h" does not keep its type
  initial : f32[]           (constant)
  next    : f32[batch, 4]   (result of add)
  the next value of a state must have the type of its initial value: rank 0 ≠ 2
  the next value was made at …
  a single number stands for a whole state only where the step does nothing but broadcast it"
`)
  })

  test('returns that are not a record of tensors with every state', () => {
    const returning = (value: unknown) => () => scan(() => value as never, { state: { h: h0 }, steps: 3 })
    expect(messageOf(returning(undefined))).toMatchInlineSnapshot(`
"scan: the step returned nothing
  a step returns a record: next states and outputs under their names, { h: tanh(…) }"
`)
    expect(messageOf(returning(h0))).toMatchInlineSnapshot(`
"scan: the step returned a tensor
  a step returns a record: next states and outputs under their names, { h: tanh(…) }"
`)
    expect(messageOf(returning({ h: 3 }))).toMatchInlineSnapshot(`
"scan: the step returned the number 3 as "h"
  everything that a step returns is a symbolic tensor
  constant(value) makes a symbolic tensor of a value"
`)
    expect(messageOf(returning({ y: h0 }))).toMatchInlineSnapshot(`
"scan: the step returned no next value of state "h"
  it returned "y"; for a state that stays as it is, return it unchanged"
`)
  })

  test('a strict step that uses what it does not list', () => {
    const strictly = (strict: readonly string[]) => () =>
      scan(({ x, h }) => ({ h: tanh(add(dot(x, W), dot(h, U))) }), {
        sequences: { x },
        state: { h: h0 },
        strict,
      })
    expect(messageOf(strictly(['W']))).toMatchInlineSnapshot(`
"scan: the step uses "U", which strict does not list
  U : f32[4, 4]   (input "U")
  strict: ['W']; add its name, hand it in as a state or sequence, or leave strict out"
`)
    expect(strictly(['W', 'U'])).not.toThrow()
  })

  test('a loop of unknown length written out', () => {
    expect(messageOf(() => scan(step, { sequences: { x }, unroll: true }))).toMatchInlineSnapshot(`
"scan: unroll: true needs a number of steps
  the number of steps is symbolic: give steps a number, or unroll: 4"
`)
    expect(messageOf(() => scan(step, { sequences: { x }, unroll: 0 }))).toMatchInlineSnapshot(`
"scan: unroll cannot be 0
  unroll is a whole number from 1 on, or true"
`)
  })
})
