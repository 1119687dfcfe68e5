/**
 * Index algebra: an int32 scalar as Σ coefficient·axis + rest.
 *
 * So `i·n + j + 3` has coefficient n in i, 1 in j, and rest 3. int32 arithmetic wraps, hence distributing and
 * reordering are exact. Loads and registers count as constants; whoever moves them must know that they are.
 */
import type { Axis } from './kernel.js'
import { type Scalar, s } from './scalar.js'
import { operandsOf, postorder } from './values.js'

export interface Affine {
  /** The axes that occur, with what they are multiplied by: scalars without any of the axes asked for. */
  readonly terms: ReadonlyMap<Axis, Scalar>
  readonly rest: Scalar
}

const zero = s.int(0)
const noTerms: ReadonlyMap<Axis, Scalar> = new Map()

/**
 * The scalar as a sum over axes — all of them, or those asked for, the others then being constants. Null where it is not
 * linear in them.
 */
export function affine(index: Scalar, axes?: ReadonlySet<Axis>): Affine | null {
  const forms = new Map<Scalar, Affine | null>()
  for (const x of postorder([index])) {
    if (x.kind === 'axis' && (axes === undefined || axes.has(x.axis))) {
      forms.set(x, { terms: new Map([[x.axis, s.int(1)]]), rest: zero })
    } else {
      const operands = operandsOf(x).map(operand => forms.get(operand)!)
      forms.set(x, operands.every(isConstant) ? { terms: noTerms, rest: x } : formOf(x, operands))
    }
  }
  return forms.get(index)!
}

/**
 * index = coefficient·axis + rest, neither with the axis in it; null where that cannot be told. Other axes may occur in
 * any way: in `(j mod 7)·n + i` the coefficient of i is 1.
 */
export function coefficientOf(index: Scalar, axis: Axis): { coefficient: Scalar; rest: Scalar } | null {
  const form = affine(index, new Set([axis]))
  return form && { coefficient: form.terms.get(axis) ?? zero, rest: form.rest }
}

function isConstant(form: Affine | null): boolean {
  return form?.terms.size === 0
}

function formOf(x: Scalar, [a, b, c]: readonly (Affine | null)[]): Affine | null {
  if (x.kind !== 'instruction' || x.type !== 'int32' || !a || !b || c !== undefined) return null
  if (x.name === 'add') return combine(a, b, s.add)
  if (x.name === 'sub') return combine(a, b, s.sub)
  if (x.name === 'mul' && isConstant(b)) return scale(a, b.rest)
  if (x.name === 'mul' && isConstant(a)) return scale(b, a.rest)
  if (x.name === 'shl' && b.rest.kind === 'const' && isConstant(b)) return scale(a, s.int(1 << b.rest.value))
  return null
}

function combine(a: Affine, b: Affine, operator: (x: Scalar, y: Scalar) => Scalar): Affine {
  const terms = new Map(a.terms)
  for (const [axis, coefficient] of b.terms) {
    const sum = operator(terms.get(axis) ?? zero, coefficient)
    if (isZero(sum)) terms.delete(axis)
    else terms.set(axis, sum)
  }
  return { terms, rest: operator(a.rest, b.rest) }
}

function scale({ terms, rest }: Affine, factor: Scalar): Affine {
  if (isZero(factor)) return { terms: noTerms, rest: zero }
  const scaled = [...terms].map(([axis, coefficient]) => [axis, s.mul(coefficient, factor)] as const)
  return { terms: new Map(scaled), rest: s.mul(rest, factor) }
}

function isZero(x: Scalar): boolean {
  return x.kind === 'const' && x.value === 0
}
