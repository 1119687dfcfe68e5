/**
 * Comparisons and logic, elementwise. Any comparison with NaN is false, but `neq`, which is true.
 */
import { s } from '@arignote/loops'
import { binary, comparison, predicate, unary } from './builders.js'

export const eq = comparison('eq', (x, y) => s.eq(x, y))
export const neq = comparison('neq', (x, y) => s.ne(x, y))
export const lt = comparison('lt', (x, y) => s.lt(x, y))
export const le = comparison('le', (x, y) => s.le(x, y))
export const gt = comparison('gt', (x, y) => s.gt(x, y))
export const ge = comparison('ge', (x, y) => s.ge(x, y))

const bitwise = (name: string, body: typeof s.and) => binary(name, { body, bool: body, integral: true })

/** Of bools; of the bits of integers. */
export const and = bitwise('and', s.and)
/** Of bools; of the bits of integers. */
export const or = bitwise('or', s.or)
/** Of bools; of the bits of integers. */
export const xor = bitwise('xor', s.xor)

// biome-ignore lint/suspicious/noShadowRestrictedNames: the public name
export const isNaN = predicate('isNaN', { body: x => s.ne(x, x), bool: x => s.xor(x, x) })

export const isInf = predicate('isInf', {
  body: x => (x.type === 'int32' ? s.ne(x, x) : s.eq(s.abs(x), Number.POSITIVE_INFINITY)),
  bool: x => s.xor(x, x),
})

/** Of bools; of the bits of integers. */
export const not = unary('not', { body: x => s.xor(x, -1), bool: x => s.not(x), integral: true })
