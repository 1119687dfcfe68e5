/**
 * Reductions and contractions, in C order.
 *
 * float32 is accumulated in float64 and rounded once at the end: these are the sums that every back end is held to, so
 * they should be nearer to the truth than what they judge. Integers wrap.
 */

import type { Apply, TensorType } from '@arignote/graph'
import { allocate, type DType, evaluateBody, isFloat, type ScalarType, s, scalarType } from '@arignote/loops'
import {
  countOf,
  type Evaluator,
  type FamilyOf,
  offsetsOf,
  type Sizes,
  shapeUnder,
  stridesOf,
} from './value.js'

const accumulator = (dtype: DType): DType => (dtype === 'float32' ? 'float64' : dtype)

export function prepareReduce(family: FamilyOf<'reduce'>, node: Apply, sizes: Sizes): Evaluator {
  const output = node.outputs[0]!
  const input: TensorType = { ...node.inputs[0]!.type, dtype: accumulator(node.inputs[0]!.dtype) }
  const from = shapeUnder(input, sizes)
  const shape = shapeUnder(output.type, sizes)
  const axes = [...family.axes(node.params)].sort((a, b) => a - b)
  const strides = stridesOf(from)
  const kept = from.map((_, axis) => axis).filter(axis => !axes.includes(axis))
  const starts = offsetsOf(pick(from, kept), pick(strides, kept))
  const steps = offsetsOf(pick(from, axes), pick(strides, axes))

  const monoid = family.monoid(input, node.params)
  const element = scalarType(input.dtype)
  const types: ScalarType[] = monoid.lift(s.const(element, 0), s.int(0)).map(register => register.type)
  const identity = monoid.identity(element).map(x => evaluateBody(() => x, [])())
  const step = types.map((_, i) =>
    evaluateBody(
      (x, position, ...registers) => monoid.combine(registers, monoid.lift(x!, position!))[i]!,
      [element, 'int32', ...types],
    ),
  )
  const finish = evaluateBody((...registers) => monoid.finish(registers), types)
  return ([x]) => {
    const data = allocate(output.dtype, starts.length)
    for (let i = 0; i < starts.length; i++) {
      let registers = identity
      for (let j = 0; j < steps.length; j++) {
        const value = x!.data[starts[i]! + steps[j]!]!
        const before = registers
        registers = step.map(f => f(value, j, ...before))
      }
      data[i] = finish(...registers)
    }
    return [{ dtype: output.dtype, shape, data }]
  }
}

const pick = (list: readonly number[], at: readonly number[]) => at.map(i => list[i]!)

export function prepareContract(family: FamilyOf<'contract'>, node: Apply, sizes: Sizes): Evaluator {
  const { left, right, out } = family.spec(node.params)
  const output = node.outputs[0]!
  const shape = shapeUnder(output.type, sizes)
  const [leftShape, rightShape] = node.inputs.map(v => shapeUnder(v.type, sizes)) as [number[], number[]]
  const summed = [...new Set([...left, ...right])].filter(label => !out.includes(label))
  const sizeOf = (label: number) =>
    left.includes(label) ? leftShape[left.indexOf(label)]! : rightShape[right.indexOf(label)]!
  const strideIn = (labels: readonly number[], lengths: readonly number[]) => {
    const strides = stridesOf(lengths)
    return (label: number) => (labels.includes(label) ? strides[labels.indexOf(label)]! : 0)
  }
  const offsets = (labels: readonly number[], stride: (label: number) => number) =>
    offsetsOf(labels.map(sizeOf), labels.map(stride))
  const leftStride = strideIn(left, leftShape)
  const rightStride = strideIn(right, rightShape)
  const start = { left: offsets(out, leftStride), right: offsets(out, rightStride) }
  const step = { left: offsets(summed, leftStride), right: offsets(summed, rightStride) }
  const float = isFloat(output.dtype)
  return ([x, y]) => {
    const a = x!.data
    const b = y!.data
    const data = allocate(output.dtype, countOf(shape))
    for (let i = 0; i < data.length; i++) {
      const p = start.left[i]!
      const q = start.right[i]!
      let sum = 0
      if (float)
        for (let j = 0; j < step.left.length; j++) sum += a[p + step.left[j]!]! * b[q + step.right[j]!]!
      else {
        for (let j = 0; j < step.left.length; j++) {
          sum = (sum + Math.imul(a[p + step.left[j]!]!, b[q + step.right[j]!]!)) | 0
        }
      }
      data[i] = sum
    }
    return [{ dtype: output.dtype, shape, data }]
  }
}
