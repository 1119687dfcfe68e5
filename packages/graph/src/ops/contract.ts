/**
 * Contractions: sums of products of two tensors, as labels. `product.ts` makes dot, matmul, … of this one op, whose two
 * derivatives are contractions again.
 */
import { type DType, isFloat } from '@arignote/loops'
import { type Dim, differentDim, equalDim } from '../dim.js'
import { innerSizesDiffer } from '../errors.js'
import type { Contraction, Op, Requirement } from '../op.js'
import type { TensorLike } from '../static.js'
import type { TensorType } from '../type.js'
import { apply1, Variable } from '../variable.js'
import { promoted } from './builders.js'
import { cast } from './cast.js'
import { entry } from './entry.js'
import { expand, expandDims, transpose } from './view.js'

const contractOp: Op<Contraction> = {
  name: 'contract',
  family: { kind: 'contract', spec: params => params },
  infer: ([x, y], params) => inferContraction(x!, y!, params),
  grad: ({ inputs: [x, y], params: { left, right, out }, cotangents: [g] }) => [
    operandGradient(g!, out, y!, right, x!, left),
    operandGradient(g!, out, x!, left, y!, right),
  ],
  batch: ([x, y], [xBatched, yBatched], { left, right, out }) => {
    const label = Math.max(...left, ...right, -1) + 1
    const lead = (batched: boolean | undefined, labels: readonly number[]) =>
      batched ? [label, ...labels] : labels
    return contract(x!, y!, {
      left: lead(xBatched, left),
      right: lead(yBatched, right),
      out: [label, ...out],
    })
  },
}

function inferContraction(x: TensorType, y: TensorType, { left, right, out }: Contraction) {
  const sizes = new Map<number, Dim>(left.map((label, i) => [label, x.shape[i]!]))
  const requires: Requirement[] = []
  right.forEach((label, i) => {
    const [a, b] = [sizes.get(label), y.shape[i]!]
    if (a === undefined || equalDim(a, b)) {
      sizes.set(label, a ?? b)
      return
    }
    const rule = `axis ${left.indexOf(label)} of the left operand must equal axis ${i} of the right one`
    requires.push({ left: a, relation: 'equal', right: b, rule })
    sizes.set(label, typeof b === 'number' ? b : a)
  })
  return { outputs: [{ dtype: x.dtype, shape: out.map(label => sizes.get(label)!) }], requires }
}

/** The cotangent of one operand: the result's with the other operand; what only it had summed is repeated. */
function operandGradient(
  g: Variable,
  out: readonly number[],
  other: Variable,
  otherLabels: readonly number[],
  operand: Variable,
  labels: readonly number[],
): Variable | null {
  if (!isFloat(operand.dtype)) return null
  const present = labels.filter(label => out.includes(label) || otherLabels.includes(label))
  const gradient = contract(g, other, { left: out, right: otherLabels, out: present })
  const missing = labels.flatMap((label, axis) => (present.includes(label) ? [] : [axis]))
  return missing.length === 0 ? gradient : expand(expandDims(gradient, missing), operand.shape)
}

/**
 * The sum over all labels that are not in `out` of the products of elements with equal labels. Transposed operands are
 * read where they lie; labels are numbered by first use.
 */
export const contract = entry(
  contractOp,
  (x: TensorLike, y: TensorLike, labels: Contraction, operation = 'contract'): Variable => {
    const [a, b] = promoted([x, y], operation).map(v => cast(v, summable(v.dtype))) as [Variable, Variable]
    checkSizes(operation, x instanceof Variable ? x : a, y instanceof Variable ? y : b, labels)
    const left = untransposed(a, labels.left)
    const right = untransposed(b, labels.right)
    return apply1(contractOp, [left.operand, right.operand], canonical(left.labels, right.labels, labels.out))
  },
)

/** The dtype of sums of products. */
export const summable = (dtype: DType): DType => (isFloat(dtype) ? dtype : 'int32')

function checkSizes(operation: string, x: Variable, y: Variable, { left, right }: Contraction): void {
  right.forEach((label, j) => {
    const i = left.indexOf(label)
    if (i >= 0 && differentDim(x.shape[i]!, y.shape[j]!)) throw innerSizesDiffer(operation, x, y, [i, j])
  })
}

/** What a transposed operand was made of, with the labels in its order. */
function untransposed(v: Variable, labels: readonly number[]) {
  if (v.owner?.op !== (transpose.op as unknown)) return { operand: v, labels }
  const { axes } = v.owner!.params as { axes: readonly number[] }
  return { operand: v.owner!.inputs[0]!, labels: axes.map((_, i) => labels[axes.indexOf(i)]!) }
}

function canonical(left: readonly number[], right: readonly number[], out: readonly number[]): Contraction {
  const numbers = new Map<number, number>()
  for (const label of [...left, ...right]) if (!numbers.has(label)) numbers.set(label, numbers.size)
  const rename = (labels: readonly number[]) => labels.map(label => numbers.get(label)!)
  return { left: rename(left), right: rename(right), out: rename(out) }
}
