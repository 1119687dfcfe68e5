/** `check: 'debug'` finds the kernel that computes something else than the reference, and nothing where none does. */
import { dot, grad, matrix, randn, scan, shared, vector } from '@arignote/graph'
import { expect, test } from '@jest/globals'
import type { KernelBackend } from '../src/5-emit/backend.js'
import { jsBackend } from '../src/5-emit/js/index.js'
import { wasmBackend } from '../src/5-emit/wasm/index.js'
import { heap } from '../src/6-run/heap.js'
import { compileFor } from '../src/compile.js'
import { nativeBackend } from '../src/pipeline.js'

/** A back end whose kernels of some name add 1 to the first float32 that they write, from their second call on. */
function broken(from: KernelBackend, name: string): ReturnType<typeof nativeBackend> {
  const backend: KernelBackend = {
    name: `broken ${from.name}`,
    target: from.target,
    text: kernels => from.text(kernels),
    bytes: kernels => from.bytes(kernels),
    load: (kernels, memory) =>
      from.load(kernels, memory).map((run, i) => {
        const kernel = kernels[i]!
        const written = kernel.params.findIndex(p => p.kind === 'buffer' && p.access !== 'read')
        let calls = 0
        if (kernel.name !== name) return run
        return (...args) => {
          run(...args)
          if (++calls > 1) memory.views.float32[args[written]! / 4]! += 1
        }
      }),
  }
  return nativeBackend(backend, heap)
}

const x = matrix('x', { shape: ['batch', 4] })
const W = shared(randn([4, 3], { seed: 1 }), 'W')
const b = vector('b', { shape: [3] })
const data = [randn([5, 4], { seed: 2 }), [0.1, 0.2, 0.3]] as const

test.each([jsBackend, wasmBackend])('a wrong kernel is named, with the first element that differs', from => {
  const y = dot(x, W).add(b).tanh()
  const z = y.square().sum()
  const f = compileFor(broken(from, 'contract'), [x, b], [y, z], { check: 'debug' })
  f(...data)
  expect(() => f(...data)).toThrow(
    new RegExp(
      [
        `^tanh: the kernel "contract" of broken ${from.name} and the reference differ`,
        '( {2}.*\n)+ {2}1 of 15 elements; the first at \\[0, 0\\]: \\S+, by the reference \\S+',
      ].join('\n'),
    ),
  )
})

test('in a loop the step is named', () => {
  const { h } = scan(({ x, h }) => ({ h: h.mul(0.5).add(x) }), { sequences: { x: b }, state: { h: 0 } })
  const f = compileFor(broken(jsBackend, 'add'), [b], h.last, { check: 'debug' })
  expect(() => f([1, 2, 3])).toThrow(
    /the kernel "add" of broken js and the reference differ(.|\n)*in step 1 of scan/,
  )
})

test('nothing is committed by a call that finds a difference', () => {
  const V = shared(randn([4, 3], { seed: 3 }), 'V')
  const loss = dot(x, V).add(b).square().sum()
  const f = compileFor(broken(jsBackend, 'sum'), [x, b], loss, {
    updates: [[V, V.sub(grad(loss, V).mul(0.1))]],
    check: 'debug',
  })
  f(...data)
  const before = [...V.getValue().data]
  expect(() => f(...data)).toThrow('differ')
  expect([...V.getValue().data]).toEqual(before)
})

test('back ends that are right pass', () => {
  const y = dot(x, W).add(b).tanh()
  for (const backend of [jsBackend, wasmBackend]) {
    const f = compileFor(nativeBackend(backend, heap), [x, b], [y, grad(y.square().sum(), x)], {
      check: 'debug',
    })
    f(...data)
  }
})
