/** Branches, of which one runs, and effects. What is asserted holds. */
import { type Drawing, isFloating, type Known, moved, ref, sameShape } from './drawing.js'
import { type Row, row } from './row.js'

/** A scalar that is exact; made of something exact where there is none. */
export function conditionOf(d: Drawing): Known {
  const isOne = (k: Known) => k.variable.ndim === 0 && !isFloating(k)
  if (d.chance(0.6) && d.known().some(isOne)) return d.find(isOne)
  const k = d.exact(() => true)
  const asked = d.call(d.pick(['gt', 'le']), [ref(k), d.pick([0, 1])])
  return k.variable.ndim === 0 ? asked : d.call(d.pick(['any', 'all']), [ref(asked)])
}

/** Another value of the type. */
function counterpart(d: Drawing, a: Known): Known {
  const fits = (k: Known) =>
    k.variable !== a.variable &&
    k.variable.dtype === a.variable.dtype &&
    sameShape(k.variable.shape, a.variable.shape)
  if (d.known().some(fits)) return d.find(fits)
  return a.variable.dtype === 'bool'
    ? d.call('not', [ref(a)])
    : d.map('neg', a, { exact: a.exact, whole: a.whole })
}

const choice = row('ifElse', d => {
  const condition = conditionOf(d)
  const a = d.find(() => true)
  const b = counterpart(d, a)
  if (d.chance(0.7)) {
    d.call('ifElse', [ref(condition), ref(a), ref(b)], moved(a, b))
    return
  }
  const c = d.find(() => true)
  const e = counterpart(d, c)
  for (const element of d.pick([[0], [1], [0, 1]])) {
    const facts = element === 0 ? moved(a, b) : moved(c, e)
    d.call('ifElse', [ref(condition), [ref(a), ref(c)], [ref(b), ref(e)]], facts, element)
  }
})

const printing = row('print', d => {
  const k = d.find(() => true)
  d.call('print', [ref(k), 'printed'], moved(k))
})

const assertion = row('assert', d => {
  const k = d.find(() => true)
  const known = d.exact(v => v.variable.dtype !== 'bool' && Number.isFinite(v.high))
  const holds = d.call('le', [ref(known), Math.ceil(known.high) + 1])
  d.call('assert', [ref(k), ref(holds), 'holds'], moved(k))
})

export const branches: readonly Row[] = [choice]
export const effects: readonly Row[] = [printing, assertion]
