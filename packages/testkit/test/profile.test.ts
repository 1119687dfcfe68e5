/** `profile: true`: calls, time and bytes of each kernel, as a report and as a table. */
import { type BackendName, backends, compile } from '@arignote/compiler'
import { dot, GraphError, matrix, scan, shared, vector } from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'

const x = matrix('x', { shape: ['time', 3] })
const W = shared(
  [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  'W',
)
const { h } = scan(({ x, h }) => ({ h: dot(h, W).add(x).tanh() }), {
  sequences: { x },
  state: { h: vector('h0', { shape: [3] }) },
})
const h0 = h.last.owner!.inputs.find(v => v.name === 'h0')!

describe.each(Object.keys(backends) as BackendName[])('%s', backend => {
  test('counts the calls of each kernel, in loops every step', () => {
    const f = compile([x, h0], h.last, { profile: true, backend, name: 'walk' })
    expect(f.profile()).toMatchObject({ name: 'walk', calls: 0, kernels: [] })
    f(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [0, 0, 0],
    )
    f(
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
      [0, 0, 0],
    )
    const { calls, milliseconds, kernels } = f.profile()
    expect(calls).toBe(2)
    const product = kernels.find(({ kernel }) => kernel === 'contract')!
    expect(product.calls).toBe(5)
    expect(product.place).toMatch(/profile\.test\.ts:\d+:\d+$/)
    expect(product.bytes).toBeGreaterThan(5 * 9 * 4)
    const inside = kernels.reduce((sum, k) => sum + k.milliseconds, 0)
    expect(inside).toBeGreaterThan(0)
    expect(milliseconds).toBeGreaterThan(inside)
    expect(kernels.map(k => k.milliseconds)).toEqual(kernels.map(k => k.milliseconds).sort((a, b) => b - a))
  })

  test('prints a table', () => {
    const y = vector('y', { shape: [4] })
    const f = compile([y], y.exp().sum(), { profile: true, backend })
    f([1, 2, 3, 4])
    const [title, headings, ...rows] = f.profile().toString().split('\n')
    expect(title).toMatch(/^f: 1 call, \d+\.\d{3} ms, of which \d+\.\d{3} in kernels$/)
    expect(headings).toMatch(/^kernel +of +calls +ms +share +MB +GB\/s +made at$/)
    expect(rows.length).toBe(f.profile().kernels.length)
    expect(rows.join('\n')).toMatch(/sum +sum +1 +\d/)
  })
})

test('a function that is not profiled says how to get one', () => {
  const y = vector('y')
  expect(() => compile([y], y.exp()).profile()).toThrow(GraphError)
  expect(() => compile([y], y.exp()).profile()).toThrow('it was compiled without a profile')
})

test('the summary of a function tells what it does besides', () => {
  const y = vector('y', { shape: [2] })
  const lastLine = (options: object) => compile([y], y.exp(), options).toString().split('\n').at(-1)
  expect(lastLine({})).toBe('wasm, 1 specialisation')
  expect(lastLine({ check: 'nan', profile: true, backend: 'js', optimize: false })).toBe(
    'js, not optimised, check nan, profiled, 1 specialisation',
  )
})
