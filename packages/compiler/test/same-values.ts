/** Optimises a function and compares it with itself on the reference back end. */

import { evaluateDim, type Lambda } from '@arignote/graph'
import { allocate, isFloat } from '@arignote/loops'
import { expect } from '@jest/globals'
import { optimize } from '../src/1-optimize/optimize.js'
import { prepareLambda } from '../src/5-emit/reference/evaluate.js'

type SizesByName = Readonly<Record<string, number>>

/** The optimised function; throws where it gives other values, for any of the sizes. */
export function sameValues(fn: Lambda, bindings: readonly SizesByName[] = [{}]): Lambda {
  const after = optimize(fn)
  for (const binding of bindings) {
    const sizes = ({ name }: { readonly name: string | null }) => binding[name!]!
    let seed = 7
    const random = () => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff
      return seed / 0x7fffffff
    }
    const args = fn.params.map(({ dtype, shape: dims }) => {
      const shape = dims.map(n => evaluateDim(n, sizes))
      const data = allocate(
        dtype,
        shape.reduce((n, m) => n * m, 1),
      )
      for (let i = 0; i < data.length; i++)
        data[i] = isFloat(dtype) ? random() * 2 - 1 : Math.floor(random() * 3)
      return { dtype, shape, data }
    })
    const expected = prepareLambda(fn, sizes)(args)
    const actual = prepareLambda(after, sizes)(args)
    for (const [i, { data, shape }] of expected.entries()) {
      expect(actual[i]!.shape).toEqual(shape)
      const error = Array.from(data).reduce(
        (worst, v, k) => Math.max(worst, Math.abs(v - actual[i]!.data[k]!) / Math.max(1, Math.abs(v))),
        0,
      )
      if (!(error < 2e-4)) throw new Error(`result ${i} differs by ${error} for ${JSON.stringify(binding)}`)
    }
  }
  return after
}
