/**
 * Where nodes were made, after everything that happens to them: rewritten, merged, differentiated and taken out of loops,
 * they point at the user's lines, and so do the errors of a call.
 */
import { type BackendName, compile, optimize } from '@arignote/compiler'
import {
  type Apply,
  add,
  constant,
  dot,
  exp,
  freeVariables,
  grad,
  lambda,
  log,
  mul,
  type Origin,
  type ScanParams,
  scan,
  shared,
  sum,
  take,
  tanh,
  topologicalOrder,
  type Variable,
  vector,
  zeros,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { modes } from '../src/agree.js'

/** The line of this file that calls, and the value that is made there. */
function at<T>(value: T): { readonly value: T; readonly line: number } {
  return { value, line: Number(/origins\.test\.ts:(\d+)/.exec(new Error().stack!.split('\n')[2]!)![1]) }
}

const lineOf = ({ place }: Origin) => Number(/origins\.test\.ts:(\d+)/.exec(place ?? '')?.[1])
const linesOf = (node: Apply) => node.origins.map(lineOf)

/** Every node, those of the steps of scans too. */
function nodesOf(results: readonly Variable[]): readonly Apply[] {
  return topologicalOrder(results).flatMap(node =>
    node.op.family.kind === 'scan' ? [...nodesOf((node.params as ScanParams).body.results), node] : [node],
  )
}

const optimized = (...results: Variable[]): readonly Apply[] =>
  nodesOf(optimize(lambda(freeVariables(results), results)).results)

const named = (nodes: readonly Apply[], name: string) => nodes.filter(({ op }) => op.name === name)

describe('a rewritten node points at', () => {
  test('every line of what it stands for', () => {
    const x = vector('x')
    const one = at(add(x, 1))
    const whole = at(log(one.value))
    const [made] = named(optimized(whole.value), 'log1p')
    expect(linesOf(made!)).toEqual([whole.line, one.line])
  })

  test('at most four lines', () => {
    const x = vector('x')
    const steps: ((v: Variable) => Variable)[] = [
      v => v.add(1),
      v => v.log(),
      v => v.neg(),
      v => v.neg(),
      v => v.mul(1),
      v => v.exp(),
    ]
    const nodes = optimized(steps.reduce<Variable>((v, step) => step(v), x))
    for (const { origins } of nodes) expect(origins.length).toBeLessThanOrEqual(4)
  })
})

describe('merged nodes point at the lines of all', () => {
  test('of equal expressions', () => {
    const x = vector('x')
    const first = at(tanh(x))
    const second = at(tanh(x))
    expect(first.value).toBe(second.value)
    expect(linesOf(first.value.owner!)).toEqual([first.line, second.line])
  })

  test('of equal steps of different scans', () => {
    const [x, y] = [vector('x'), vector('y')]
    const lines: number[] = []
    const one = scan(
      ({ x }) => {
        const { value, line } = at(tanh(x))
        lines.push(line)
        return { y: value }
      },
      { sequences: { x } },
    )
    const other = scan(
      ({ y }) => {
        const { value, line } = at(tanh(y))
        lines.push(line)
        return { z: value }
      },
      { sequences: { y } },
    )
    const made = named(nodesOf([one.y.all, other.z.all]), 'tanh')
    expect(linesOf(made[0]!)).toEqual(lines)
  })

  test('of the products that a step has as one', () => {
    const x = vector('x', { shape: [3] })
    const [U, V] = [shared([[1, 0], [0, 1]], 'U'), shared([[0, 1], [1, 0]], 'V')] // biome-ignore format: two matrices
    const lines: number[] = []
    const note = <T>({ value, line }: { readonly value: T; readonly line: number }) => {
      lines.push(line)
      return value
    }
    const { h } = scan(
      ({ h, x }) => {
        const a = note(at(dot(h, U)))
        const b = note(at(dot(h, V)))
        return { h: tanh(a).add(tanh(b.mul(x))) }
      },
      { sequences: { x: zeros([20]).add(x.sum()) }, state: { h: zeros([2]) } },
    )
    const [product] = named(optimized(h.last), 'contract')
    expect(linesOf(product!)).toEqual(lines)
  })
})

test('the nodes of a gradient point at the lines they come from', () => {
  const x = vector('x', { shape: [3] })
  const W = shared([[1, 2, 3]], 'W')
  const product = at(dot(W, x))
  const squashed = at(tanh(product.value))
  const cost = at(sum(squashed.value))
  const known = new Set([product.line, squashed.line, cost.line])
  const gradient = at(grad(cost.value, W))
  for (const nodes of [nodesOf([gradient.value]), optimized(gradient.value)])
    for (const node of nodes) {
      // Constants, and what is made of constants only, are one for the whole process.
      if (freeVariables(node.outputs).length === 0) continue
      const lines = linesOf(node)
      expect({
        op: node.op.name,
        known: lines.some(line => known.has(line)) || lines[0] === gradient.line,
      }).toEqual({
        op: node.op.name,
        known: true,
      })
    }
  const square = named(nodesOf([gradient.value]), 'square')[0]!
  expect(linesOf(square)).toContain(squashed.line)
})

test('nodes taken out of a loop point at the lines of the step', () => {
  const x = vector('x')
  const W = shared([1, 2, 3], 'W')
  let line = 0
  const { h } = scan(
    ({ x, h }) => {
      const made = at(W.mul(x).exp())
      line = made.line
      return { h: h.mul(0.5).add(made.value.sum()) }
    },
    { sequences: { x }, state: { h: 0 } },
  )
  const outside = topologicalOrder(optimize(lambda([x, W], [h.last])).results)
  const moved = named(outside, 'exp')
  expect(moved.length).toBe(1)
  expect(linesOf(moved[0]!)).toContain(line)
})

describe('an index out of range names the line', () => {
  const failing = (f: () => unknown): string => {
    try {
      f()
    } catch (error) {
      return (error as Error).message
    }
    throw new Error('nothing was thrown')
  }
  const each = (check: (options: { backend: BackendName; optimize: boolean }) => void) => {
    for (const { options } of modes) check(options as { backend: BackendName; optimize: boolean })
  }
  const expectLine = (message: string, line: number) =>
    expect(message).toMatch(new RegExp(`created at [^\\n]*origins\\.test\\.ts:${line}:\\d+`))

  test('of the lookup, whatever it was rewritten to', () => {
    const ids = vector('ids', { dtype: 'int32', shape: [2] })
    const W = shared([[1, 2], [3, 4]], 'W') // biome-ignore format: a matrix
    const looked = at(take(W, ids))
    const cost = sum(mul(looked.value, 2).add(0))
    each(options =>
      expectLine(
        failing(() => compile([ids], cost, options)([0, 7])),
        looked.line,
      ),
    )
  })

  test('of the same lookup in another function, not of the first', () => {
    const functions = [1, 2].map(() => {
      const ids = vector('ids', { dtype: 'int32', shape: [2] })
      return { ids, rows: take(constant([1, 2]), ids) }
    })
    const ids = vector('others', { dtype: 'int32', shape: [2] })
    const looked = at(take(constant([1, 2]), ids))
    each(options => {
      for (const f of functions) failing(() => compile([f.ids], f.rows, options)([0, 7]))
      const message = failing(() => compile([ids], looked.value, options)([0, 7]))
      expectLine(message, looked.line)
      expect(message).toContain('others : i32[2]')
    })
  })

  test('in a scan, also where the lookup is taken out of the loop', () => {
    const ids = vector('ids', 'int32')
    const W = shared([1, 2, 3], 'W')
    let line = 0
    const { h } = scan(
      ({ id, h }) => {
        const looked = at(take(W, id))
        line = looked.line
        return { h: h.mul(0.5).add(looked.value) }
      },
      { sequences: { id: ids }, state: { h: 0 } },
    )
    each(options =>
      expectLine(
        failing(() => compile([ids], h.last, options)([0, 3])),
        line,
      ),
    )
  })

  test('in the gradient of a scan, where only the gradient is asked for', () => {
    const ids = vector('ids', 'int32')
    const W = shared([1, 2, 3], 'W')
    let line = 0
    const { h } = scan(
      ({ id, h }) => {
        const looked = at(take(W, id))
        line = looked.line
        return { h: tanh(h.mul(looked.value)) }
      },
      { sequences: { id: ids }, state: { h: constant(1) } },
    )
    const gradient = grad(h.last, W)
    each(options =>
      expectLine(
        failing(() => compile([ids], gradient, options)([0, 3])),
        line,
      ),
    )
  })
})

test('a size that does not fit names the line, after rewriting and in gradients', () => {
  const [x, y] = [vector('x'), vector('y')]
  const added = at(add(x, y))
  const cost = sum(log(exp(added.value).add(1)))
  for (const { options } of modes)
    for (const result of [cost, grad(cost, x)])
      expect(() => compile([x, y], result, options)([1, 2], [1])).toThrow(
        new RegExp(`created at [^\\n]*origins\\.test\\.ts:${added.line}:`),
      )
})
