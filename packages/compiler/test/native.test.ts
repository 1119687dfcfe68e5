import * as g from '@arignote/graph'
import { allocate, type TypedArray } from '@arignote/loops'
import { expect, test } from '@jest/globals'
import { jsBackend } from '../src/5-emit/js/index.js'
import { referenceBackend } from '../src/5-emit/reference/index.js'
import { wasmBackend, wasmScalarBackend } from '../src/5-emit/wasm/index.js'
import { heap } from '../src/6-run/heap.js'
import { compile } from '../src/compile.js'
import { noLateSizes } from '../src/late.js'
import { nativeBackend } from '../src/pipeline.js'

const js = nativeBackend(jsBackend, heap)
const backends = [js, nativeBackend(wasmBackend, heap), nativeBackend(wasmScalarBackend, heap)]

function input(shape: readonly g.AxisSpec[], dtype: 'float32' | 'int32' | 'float64' = 'float64', name = 'x') {
  return new g.Variable(g.tensorType(dtype, shape.map(g.dimOf)), null, 0, name)
}

function values(n: number, seed: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233) * 2)
}

/** Runs both back ends on deterministic values and compares. */
function agree(
  inputs: readonly g.Variable[],
  outputs: readonly g.Variable[],
  sizes: Record<string, number> = {},
) {
  const fn = g.lambda(inputs, outputs)
  const binding = new Map(Object.entries(sizes).map(([name, n]) => [g.DimSymbol.of(name), n]))
  const graph = {
    name: 'f',
    lambda: fn,
    inputs: inputs.length,
    outputs: outputs.length,
    shared: [],
    updates: [],
    late: noLateSizes,
  }
  const args = fn.params.map((v, i) => {
    const shape = v.shape.map(d => g.evaluateDim(d, x => binding.get(x)!))
    const n = shape.reduce((a, b) => a * b, 1)
    return {
      shape,
      copyTo: (target: { set(a: ArrayLike<number>): void }) =>
        target.set(
          v.dtype === 'int32' ? Int32Array.from({ length: n }, (_, k) => (k * 7) % 5) : values(n, i),
        ),
    }
  })
  const run = (backend: typeof js) => {
    const f = backend.prepare(graph, binding)
    const outs: TypedArray[] = []
    f.call(args, (i, shape) => {
      outs[i] = allocate(
        outputs[i]!.dtype,
        shape.reduce((a, b) => a * b, 1),
      )
      return outs[i]
    })
    return { outs: outs.map(x => [...x]), f }
  }
  const want = run(referenceBackend as typeof js)
  for (const backend of backends) {
    run(backend).outs.forEach((out, i) => {
      expect(out.length).toBe(want.outs[i]!.length)
      out.forEach((x, k) => {
        const y = want.outs[i]![k]!
        if (!(Math.abs(x - y) <= 1e-9 * (1 + Math.abs(y))) && !Object.is(x, y)) {
          throw new Error(
            `${backend.name}: output ${i}[${k}]: ${x} instead of ${y}\n${run(backend).f.kernels().join('\n\n')}`,
          )
        }
      })
    })
  }
  return run(js).f
}

const mm = (a: g.Variable, b: g.Variable) => g.contract(a, b, { left: [0, 1], right: [1, 2], out: [0, 2] })

test('maps fuse into one kernel', () => {
  const x = input(['n', 3])
  const y = input(['n', 3], 'float64', 'y')
  const f = agree([x, y], [g.add(g.mul(x, y), g.exp(x)) as g.Variable], { n: 5 })
  expect(f.kernels().length).toBe(1)
})

test('reductions of any axes, with maps before and after', () => {
  const x = input(['n', 3, 4])
  agree(
    [x],
    [
      g.sum(x),
      g.sum(g.mul(x, x), [0]),
      g.exp(g.max(x, [2])),
      g.argmax(x, 1),
      g.sum(x, [0, 2]),
    ] as g.Variable[],
    { n: 5 },
  )
})

test('contractions of every arrangement', () => {
  for (const n of [1, 2, 5, 33]) {
    const a = input(['n', 7], 'float64', 'a')
    const b = input([7, 13], 'float64', 'b')
    const c = input([13, 7], 'float64', 'c')
    const d = input(['n', 13], 'float64', 'd')
    const ab = g.contract(a, b, { left: [0, 1], right: [1, 2], out: [0, 2] })
    const act = g.contract(a, c, { left: [0, 1], right: [2, 1], out: [0, 2] })
    const tn = g.contract(a, d, { left: [0, 1], right: [0, 2], out: [1, 2] })
    const tt = g.contract(a, d, { left: [0, 1], right: [0, 2], out: [2, 1] })
    const dot = g.contract(a, a, { left: [0, 1], right: [0, 1], out: [] })
    const batched = g.contract(a, a, { left: [0, 1], right: [0, 2], out: [0, 1, 2] })
    agree([a, b, c, d], [g.tanh(g.add(ab, d)), act, tn, tt, dot, batched] as g.Variable[], { n })
  }
})

test('views, gathers and scatters', () => {
  const x = input(['n', 6])
  const ids = input([4], 'int32', 'ids')
  const t = g.transpose(x)
  const cut = g.window(x, { starts: [1, 2], steps: [1, 1], sizes: [g.subDim(x.shape[0]!, 1), 3] })
  const both = g.concatenate([g.exp(x), g.mul(x, 2)] as g.Variable[], 1)
  const padded = g.padBy(x, { before: [1, 0], after: [0, 2], value: 3 })
  agree(
    [x, ids],
    [
      t,
      g.add(cut, 1),
      both,
      g.sum(both, [1]),
      padded,
      g.take(x, ids, 0),
      g.take(x, ids, 1),
      g.reshape(t, [-1]),
      g.scatterAdd(ids, g.take(x, ids, 0), 0, 6),
    ] as g.Variable[],
    { n: 7 },
  )
})

test('a scan with trajectory, final and output', () => {
  const x = input(['T', 'B', 3])
  const h0 = input(['B', 4], 'float64', 'h0')
  const W = input([3, 4], 'float64', 'W')
  const U = input([4, 4], 'float64', 'U')
  for (const reverse of [false, true]) {
    const { h, y } = g.scan(({ x, h }) => ({ h: g.tanh(g.add(mm(x, W), mm(h, U))), y: g.mul(h, 2) }), {
      sequences: { x },
      state: { h: h0 },
      reverse,
    })
    agree([x, h0, W, U], [h.all, h.last, y.all], { T: 5, B: 3 })
    for (const T of [0, 1, 4, 5]) agree([x, h0, W, U], [h.last], { T, B: 3 })
    agree([x, h0, W, U], [h.last, h.all], { T: 0, B: 3 })
    const cost = g.add(g.sum(h.all), g.sum(y.all))
    agree([x, h0, W, U], g.grad(cost, [x, h0, W, U]), { T: 5, B: 3 })
  }
})

test('a chain of 100 000 nodes builds, differentiates and compiles', () => {
  const x = input([2])
  let y: g.Variable = x
  for (let i = 0; i < 50_000; i++) y = g.mul(g.add(y, 1e-5), 0.99999) as g.Variable
  const dx = g.grad(g.sum(y), x)
  const f = compile([x], [y, dx])
  const [value, slope] = f([1, 2])
  const decay = 0.99999 ** 50_000
  const shift = 1e-5 * ((0.99999 * (1 - decay)) / (1 - 0.99999))
  expect(value.data[0]).toBeCloseTo(decay + shift, 9)
  expect(slope.data[1]).toBeCloseTo(decay, 12)
  expect(f.kernels().length).toBeLessThan(2000)
}, 60_000)
