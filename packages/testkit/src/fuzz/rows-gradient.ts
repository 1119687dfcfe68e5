/**
 * Gradients, and gradients of gradients: nothing is known of their intervals, so other operations bring them inside first.
 */
import { topologicalOrder } from '@arignote/graph'
import { type Drawing, isFloating, type Known, ref, sameShape } from './drawing.js'
import type { Arg } from './program.js'
import { type Row, row } from './row.js'

/** Greatest number of elements of both sides of a Jacobian. */
const mostRows = 12

/** A scalar cost: a value, or the sum of one or of products of it. */
function costOf(d: Drawing): Known {
  const k = d.float(v => v.variable.owner !== null)
  if (k.variable.ndim === 0) return k
  const weighed = d.chance(0.5)
    ? d.call('mul', [ref(d.within(k, -30, 30)), d.pick([ref(d.within(k, -30, 30)), 2, 0.5])])
    : k
  return d.hasElements(weighed) && d.chance(0.3)
    ? d.call('mean', [ref(weighed)])
    : d.call('sum', [ref(weighed)])
}

/** Floats that it was computed of, those made last first. */
function ancestors(d: Drawing, k: Known): readonly Known[] {
  const before = new Set(topologicalOrder([k.variable]).flatMap(node => node.inputs))
  return d.known().filter(v => isFloating(v) && before.has(v.variable))
}

function someAncestors(d: Drawing, k: Known): readonly Known[] {
  const all = ancestors(d, k)
  const first = d.pick(all)
  return d.chance(0.5) ? [first] : [...new Set([first, d.pick(all), d.pick(all)])]
}

const unconnected = { disconnectedInputs: 'ignore' } as const

/** A factor of the type of a value. */
function alike(d: Drawing, k: Known): Known {
  const same = (v: Known) =>
    v.variable.dtype === k.variable.dtype && sameShape(v.variable.shape, k.variable.shape)
  return d.within(d.find(same), -2, 2)
}

const small = (d: Drawing, k: Known) => d.elements(k) <= mostRows

const grads = row('grad', d => {
  const cost = costOf(d)
  const wrt = someAncestors(d, cost)
  const asked: Arg = wrt.length === 1 ? ref(wrt[0]!) : wrt.map(ref)
  wrt.forEach((_, i) => {
    d.call('grad', [ref(cost), asked, unconnected], {}, wrt.length === 1 ? undefined : i)
  })
})

export const gradients: readonly Row[] = [
  grads,
  grads,
  grads,
  row('Lop', d => {
    const y = d.float(v => v.variable.owner !== null)
    d.call('Lop', [ref(y), ref(d.pick(ancestors(d, y))), ref(alike(d, y)), unconnected])
  }),
  row('Rop', d => {
    const y = d.float(v => v.variable.owner !== null)
    const x = d.pick(ancestors(d, y))
    d.call('Rop', [ref(y), ref(x), ref(alike(d, x)), unconnected])
  }),
  row('hvp', d => {
    const cost = costOf(d)
    const x = d.pick(ancestors(d, cost))
    d.call('hvp', [ref(cost), ref(x), ref(alike(d, x)), unconnected])
  }),
  row('jacobian', d => {
    const y = d.float(v => v.variable.owner !== null && small(d, v))
    const x = d.pick(ancestors(d, y).filter(v => small(d, v)))
    d.call('jacobian', [ref(y), ref(x), { ...unconnected, ...(d.chance(0.3) ? { vectorize: false } : {}) }])
  }),
  row('hessian', d => {
    const cost = costOf(d)
    const x = d.pick(ancestors(d, cost).filter(v => small(d, v)))
    d.call('hessian', [ref(cost), ref(x), unconnected])
  }),
]
