/**
 * Contractions take in what stands around them: views of operands become labels, and sums of the result too.
 */
import {
  anything,
  as,
  type Captures,
  type Contraction,
  commuted,
  contract,
  type Dim,
  div,
  literalOf,
  mul,
  neg,
  of,
  type Rule,
  readAxes,
  rule,
  suchThat,
  sum,
  type Variable,
  viewed,
} from '@arignote/graph'
import { isFloat } from '@arignote/loops'
import { buildAxes } from '../axes.js'
import { contraction, spread, sumOver, times } from '../build.js'

interface Operands {
  readonly left: Variable
  readonly right: Variable
  readonly spec: Contraction
}

function operandsOf(v: Variable): Operands {
  const { inputs, params } = v.owner!
  return { left: inputs[0]!, right: inputs[1]!, spec: params as Contraction }
}

const swapped = ({ left, right, spec }: Operands): Operands => ({
  left: right,
  right: left,
  spec: { left: spec.right, right: spec.left, out: spec.out },
})

/** Built with the operands in their original order. */
function build({ left, right, spec }: Operands, isSwapped: boolean): Variable {
  return isSwapped
    ? contraction(right, left, { left: spec.right, right: spec.left, out: spec.out })
    : contraction(left, right, spec)
}

/** Either operand as the left one, until one gives a result. */
function eitherOperand(
  v: Variable,
  f: (o: Operands, isSwapped: boolean) => Variable | null,
): Variable | null {
  const operands = operandsOf(v)
  return f(operands, false) ?? f(swapped(operands), true)
}

/** Axes of a view get the labels; an axis that the view repeats is left out, or put back, or counted. */
function absorbView({ left, right, spec }: Operands, isSwapped: boolean, root: Variable): Variable | null {
  const seen = readAxes(left)
  if (seen === null) return null
  const placed = seen.axes.filter(axis => axis !== null).sort((a, b) => a - b)
  const source = buildAxes({
    source: seen.source,
    axes: placed,
    shape: placed.map(axis => seen.source.shape[axis]!),
  })
  if (source === left) return null
  const labels = placed.map(axis => spec.left[seen.axes.indexOf(axis)]!)
  const gone = spec.left.filter(label => !labels.includes(label) && !spec.right.includes(label))
  const out = spec.out.filter(label => !gone.includes(label))
  const inner = build({ left: source, right, spec: { left: labels, right: spec.right, out } }, isSwapped)
  const summed = gone.filter(label => !spec.out.includes(label))
  const counted = summed.reduce<Variable>(
    (x, label) => times(x, left.shape[spec.left.indexOf(label)]!),
    inner,
  )
  const axes = spec.out.map(label => (gone.includes(label) ? null : out.indexOf(label)))
  return buildAxes({ source: counted, axes, shape: root.shape })
}

/** The rows of the result come from the left operand where they can: one form for a · b and b · a, and the one that kernels like. */
function inOrder(v: Variable): Variable {
  const { left, right, spec } = operandsOf(v)
  const places = (own: readonly number[], other: readonly number[]) =>
    own
      .filter(label => !other.includes(label) && spec.out.includes(label))
      .map(label => spec.out.indexOf(label))
  const [l, r] = [places(spec.left, spec.right), places(spec.right, spec.left)]
  const swaps = l.length > 0 && r.length > 0 && Math.max(...r) < Math.min(...l)
  return build(swaps ? swapped({ left, right, spec }) : { left, right, spec }, false)
}

/** A label of one operand only that is summed: summed before. */
function sumOperand({ left, right, spec }: Operands, isSwapped: boolean): Variable | null {
  const alone = spec.left.filter(label => !spec.right.includes(label) && !spec.out.includes(label))
  if (alone.length === 0) return null
  const less = sumOver(
    left,
    alone.map(label => spec.left.indexOf(label)),
  )
  return build(
    { left: less, right, spec: { ...spec, left: spec.left.filter(label => !alone.includes(label)) } },
    isSwapped,
  )
}

/** A scalar operand: a product. */
function scalarOperand({ left, right, spec }: Operands, root: Variable): Variable | null {
  if (left.ndim > 0) return null
  const summed = spec.right.flatMap((label, axis) => (spec.out.includes(label) ? [] : [axis]))
  const kept = spec.right.filter(label => spec.out.includes(label))
  const value = buildAxes({
    source: sumOver(right, summed),
    axes: spec.out.map(label => kept.indexOf(label)),
    shape: root.shape,
  })
  return mul(value, spread(left, root.shape))
}

/** The scalar that all elements are. */
function repeated(v: Variable): Variable | null {
  const source = readAxes(v)?.source ?? v
  return source.ndim === 0 ? source : null
}

/** Lies in memory whatever is done with it, so that a factor before it would need a kernel; behind the sum it needs none. */
function isStored(v: Variable): boolean {
  const kind = viewed(v).owner?.op.family.kind
  return kind === undefined || kind === 'contract' || kind === 'scan'
}

/** A scalar factor of an operand, behind the sum. */
function scaled(
  by: (product: Variable, factor: Variable) => Variable,
  { x, k }: Captures<'x' | 'k'>,
  product: (x: Variable) => Variable,
  { owner, shape }: Variable,
): Variable | null {
  const factor = repeated(k)
  const { left, out } = owner!.params as Contraction
  if (factor === null || !isFloat(factor.dtype) || !isStored(x)) return null
  if (left.every(label => out.includes(label))) return null
  return by(product(x), spread(factor, shape))
}

/** Σ over axes of a contraction that every operand knows: labels that are no longer in the result. */
function sumInside(c: Variable, axes: readonly number[]): Variable {
  const { left, right, spec } = operandsOf(c)
  return contraction(left, right, { ...spec, out: spec.out.filter((_, axis) => !axes.includes(axis)) })
}

const axesOf = (v: Variable) => (v.owner!.params as { readonly axes: readonly number[] }).axes
const [x, y, k] = [anything('x'), anything('y'), anything('k')]
const c = as('c', of(contract, anything('a'), anything('b')))

/**
 * Σ expand(a) · expand(b), where each repeats an axis that the other has: no product is ever stored, and a contraction
 * knows how to walk it.
 */
function sumOfProduct(a: Variable, b: Variable, root: Variable): Variable | null {
  const [x, y] = [readAxes(a), readAxes(b)]
  if (x === null || y === null || x.axes.some((axis, i) => axis === null && y.axes[i] === null)) return null
  const repeats = (p: readonly (number | null)[], q: readonly (number | null)[]) =>
    p.some((axis, i) => axis === null && q[i] !== null)
  if (!repeats(x.axes, y.axes) || !repeats(y.axes, x.axes)) return null
  const summed = axesOf(root)
  if (!summed.every(axis => x.axes[axis] !== null && y.axes[axis] !== null)) return null
  const labels = a.shape.map((_, axis) => axis)
  const kept = (axes: readonly (number | null)[]) => labels.filter(axis => axes[axis] !== null)
  const operand = (v: Variable, axes: readonly (number | null)[]): Variable => {
    const seen = readAxes(v)!
    const mine = kept(axes)
    return buildAxes({
      source: seen.source,
      axes: mine.map(axis => seen.axes[axis]!),
      shape: mine.map(axis => v.shape[axis] as Dim),
    })
  }
  const spec = { left: kept(x.axes), right: kept(y.axes), out: labels.filter(axis => !summed.includes(axis)) }
  return contraction(operand(a, x.axes), operand(b, y.axes), spec)
}

export const contractions: readonly Rule[] = [
  rule('a · b → b · a, rows from the left', c, (_, v) => inOrder(v)),
  rule('view x · y → x · y with other labels', c, (_, v) => eitherOperand(v, (o, s) => absorbView(o, s, v))),
  rule('Σ x · y over axes of x alone → (Σ x) · y', c, (_, v) => eitherOperand(v, sumOperand)),
  rule('scalar · y → product', c, (_, v) => eitherOperand(v, o => scalarOperand(o, v))),
  rule('−x · y → −(x · y)', of(contract, of(neg, anything('x')), anything('y')), ({ x, y }, v) =>
    neg(contraction(x, y, operandsOf(v).spec)),
  ),
  rule('x · −y → −(x · y)', of(contract, anything('x'), of(neg, anything('y'))), ({ x, y }, v) =>
    neg(contraction(x, y, operandsOf(v).spec)),
  ),
  ...[
    { sign: '×', op: mul, factored: commuted(mul, x, k) },
    {
      sign: '÷',
      op: div,
      factored: of(
        div,
        x,
        suchThat(k, v => (literalOf(v) ?? 0) !== 0),
      ),
    },
  ].flatMap(({ sign, op, factored }) => [
    rule(`(x ${sign} k) · y → (x · y) ${sign} k, x stored`, of(contract, factored, y), ({ x, k, y }, v) =>
      scaled(op, { x, k }, x => contraction(x, y, operandsOf(v).spec), v),
    ),
    rule(`y · (x ${sign} k) → (y · x) ${sign} k, x stored`, of(contract, y, factored), ({ x, k, y }, v) =>
      scaled(op, { x, k }, x => contraction(y, x, operandsOf(v).spec), v),
    ),
  ]),
  rule('Σ (a · b) → a · b, summed labels', of(sum, c), ({ c }, v) => sumInside(c, axesOf(v))),
  rule('Σ expand a × expand b → a · b', of(sum, of(mul, anything('a'), anything('b'))), ({ a, b }, v) =>
    sumOfProduct(a, b, v),
  ),
]
