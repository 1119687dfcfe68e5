import { describe, expect, test } from '@jest/globals'
import * as G from '../src/index.js'
import { matrix, printGraph, scan, shared, vector } from '../src/index.js'

const model = () => {
  const x = matrix('x', { shape: ['batch', 3] })
  const W = shared(G.zerosArray([3, 2]), 'W')
  return x.dot(W).tanh().named('h').pow(2).sum(1)
}

describe('printGraph', () => {
  test('one equation per node', () => {
    expect(printGraph(model())).toMatchInlineSnapshot(`
"x:f32[batch, 3] = input
W:f32[3, 2] = shared
a:f32[batch, 2] = contract x W ij,jk->ik
b:f32[batch, 2] = tanh a
h:f32[batch, 2] = named b {name: h}
c:f32[] = constant 2
d:f32[1, 1] = expandDims c {axes: [0, 1]}
e:f32[batch, 2] = expand d {shape: [batch, 2]}
f:f32[batch, 2] = pow h e
g:f32[batch] = sum f {axes: [1]}
return g"
`)
  })

  test('the text does not depend on what was built before', () => {
    const text = printGraph(model())
    for (let i = 0; i < 10; i++) vector().exp()
    expect(printGraph(model())).toBe(text)
  })

  test('params, constants and unnamed sizes', () => {
    const v = vector()
    const w = vector()
    const parts = G.concatenate([v, w.slice({ start: 1 }), [1, 2]])
    expect(printGraph([parts, parts.add(v.sum()), G.full([2, 2], 7)])).toMatchInlineSnapshot(`
"a:f32[?1] = input
b:f32[?2] = input
c:f32[max(?1 - 1, 0)] = slice a {starts: [min(1, ?1)], steps: [1], sizes: [max(?1 - 1, 0)]}
d:f32[2] = constant [1, 2]
e:f32[max(?1 - 1, 0) + ?2 + 2] = concatenate b c d {axis: 0}
f:f32[] = sum b {axes: [0]}
g:f32[1] = expandDims f {axes: [0]}
h:f32[max(?1 - 1, 0) + ?2 + 2] = expand g {shape: [max(?1 - 1, 0) + ?2 + 2]}
i:f32[max(?1 - 1, 0) + ?2 + 2] = add e h
j:f32[] = constant 7
k:f32[1, 1] = expandDims j {axes: [0, 1]}
l:f32[2, 2] = expand k {shape: [2, 2]}
return e i l"
`)
  })

  test('the step of a scan stands below it, and outputs that nobody reads are _', () => {
    const x = matrix('x', { shape: ['time', 4] })
    const U = shared(G.zerosArray([4, 4]), 'U')
    const { h } = scan(({ x, h }) => ({ h: x.add(h.dot(U)).tanh() }), {
      sequences: { x },
      state: { h: G.zeros([4]) },
    })
    expect(printGraph(h.last)).toMatchInlineSnapshot(`
"U:f32[4, 4] = shared
x:f32[time, 4] = input
a:f32[] = constant 0
b:f32[1] = expandDims a {axes: [0]}
c:f32[4] = expand b {shape: [4]}
d:f32[4], _ = scan U c x {length: time}
  e:f32[4, 4] = input
  f:f32[4] = input
  g:f32[4] = input
  h:f32[4] = contract f e i,ij->j
  i:f32[4] = add g h
  j:f32[4] = tanh i
  return j
return d"
`)
  })

  test('a Lambda prints with its own params', () => {
    const [a, b] = [vector('a', { shape: [2] }), vector('b', { shape: [2] })]
    expect(printGraph(G.lambda([b, a], [a.neg()]))).toMatchInlineSnapshot(`
"b:f32[2] = input
a:f32[2] = input
c:f32[2] = neg a
return c"
`)
  })
})

test('debugPrint adds where each node was made', () => {
  const x = vector('x', { shape: [2] })
  const lines = G.debugPrint(x.exp().sum()).split('\n')
  expect(lines[0]).toMatch(/^x:f32\[2\] = input {3,}packages\/graph\/test\/print\.test\.ts:\d+:\d+$/)
  expect(lines[1]).toMatch(/^a:f32\[2\] = exp x {3,}packages\/graph\/test\/print\.test\.ts:\d+:\d+$/)
})

test('toDot is a graph for Graphviz', () => {
  const x = vector('x', { shape: [2] })
  expect(G.toDot(x.exp().add(1))).toMatchInlineSnapshot(`
"digraph {
  p0 [shape=ellipse, label="x:f32[2]"]
  n0 [shape=box, label="exp\\nf32[2]"]
  p0 -> n0
  n1 [shape=box, label="constant\\n1\\nf32[]"]
  n2 [shape=box, label="expandDims\\n{axes: [0]}\\nf32[1]"]
  n1 -> n2
  n3 [shape=box, label="expand\\n{shape: [2]}\\nf32[2]"]
  n2 -> n3
  n4 [shape=box, label="add\\nf32[2]"]
  n0 -> n4
  n3 -> n4
  r0 [shape=plain, label="result 0"]
  n4 -> r0
}"
`)
})

describe('verifyLambda', () => {
  const x = vector('x', { shape: [2] })

  test('accepts what the builders make, scans too', () => {
    const { h } = scan(({ h }) => ({ h: h.mul(2) }), { state: { h: x }, steps: 3 })
    expect(() => G.verifyLambda(G.lambda([x], [h.last, x.exp()]))).not.toThrow()
  })

  test('finds a node whose type is not what its op infers', () => {
    const liar: G.Op<null> = {
      name: 'liar',
      family: { kind: 'map', body: ([a]) => a! },
      infer: ([a], _, variables) => ({
        outputs: [variables[0] === x && first ? { ...a!, dtype: 'int32' } : a!],
      }),
    }
    let first = true
    const wrong = G.apply1(liar, [x], null)
    first = false
    expect(() => G.verifyLambda({ params: [x], results: [wrong], id: 0 })).toThrow(
      'internal: liar is i32[2], and infers f32[2]',
    )
  })

  test('finds what is not closed, and params that are no leaves', () => {
    const fn = (params: readonly G.Variable[], results: readonly G.Variable[]) => ({
      params,
      results,
      key: '',
      id: 0,
    })
    expect(() => G.verifyLambda(fn([], [x.exp()]))).toThrow('internal: not closed over x: f32[2]')
    expect(() => G.verifyLambda(fn([x, x], [x]))).toThrow('internal: a parameter occurs twice')
    expect(() => G.verifyLambda(fn([x.exp()], [x.exp()]))).toThrow(
      'internal: a parameter is the result of exp',
    )
  })
})
