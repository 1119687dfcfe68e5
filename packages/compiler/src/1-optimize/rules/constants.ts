/**
 * Arithmetic of constants, done now: maps and views of small constants, maps of broadcasts.
 *
 * A tensor of one repeated number is brought to one form: an expand of a scalar constant (see `literalOf`).
 */
import {
  apply1,
  constant,
  type Dim,
  type HostValue,
  literalOf,
  madeBy,
  type Rule,
  readAxes,
  rule,
  type Variable,
} from '@arignote/graph'
import { allocate, evaluateBody, s, scalarType, type TypedArray } from '@arignote/loops'
import { buildAxes } from '../axes.js'
import { filled } from '../build.js'

const largest = 64

/** The data of a constant, or of a literal: one number for all. */
function dataOf(v: Variable): TypedArray | null {
  const literal = literalOf(v)
  if (literal !== null) return allocate(v.dtype, 1).fill(literal)
  return v.owner?.op === constant.op ? (v.owner.params as HostValue).data : null
}

/** A small shape in numbers. */
function smallShape(shape: readonly Dim[]): readonly number[] | null {
  let size = 1
  for (const n of shape) {
    if (typeof n !== 'number') return null
    size *= n
  }
  return size <= largest ? (shape as readonly number[]) : null
}

function constantOf({ dtype }: Variable, shape: readonly number[], data: TypedArray): Variable {
  return apply1(constant.op, [], { data, shape, dtype })
}

/** The value of a map over constants; a single number where all are literals. */
function foldMap(v: Variable): Variable | null {
  const { op, inputs, params } = v.owner!
  if (op.family.kind !== 'map') return null
  const data: TypedArray[] = []
  for (const input of inputs) {
    const known = dataOf(input)
    if (known === null) return null
    data.push(known)
  }
  const isLiteral = data.every(d => d.length === 1)
  const shape = isLiteral ? [] : smallShape(v.shape)
  if (shape === null) return null
  const { family } = op
  const f = evaluateBody(
    (...args) => family.body(args, params, v.type),
    inputs.map(input => scalarType(input.dtype)),
  )
  const count = isLiteral ? 1 : shape.reduce((n, size) => n * size, 1)
  const result = allocate(v.dtype, count)
  for (let i = 0; i < count; i++) result[i] = f(...data.map(d => (d.length === 1 ? d[0]! : d[i]!)))
  return isLiteral ? filledWith(constantOf(v, [], result), v.shape) : constantOf(v, shape, result)
}

const filledWith = (scalar: Variable, shape: readonly Dim[]) =>
  buildAxes({ source: scalar, axes: shape.map(() => null), shape })

/** The elements that a view takes from small constants. */
function foldView(v: Variable): Variable | null {
  const { op, inputs, params } = v.owner!
  const { family } = op
  if (family.kind !== 'view' || literalOf(v) !== null || dataOf(inputs[0]!) === null) return null
  const data = inputs.map(dataOf)
  if (data.some(d => d === null)) return null
  const [first] = inputs
  const literal = literalOf(first!)
  if (inputs.length === 1 && literal !== null && !readsFill(v)) return filled(literal, v.dtype, v.shape)
  const shape = smallShape(v.shape)
  if (shape === null || v.ndim === 0) return null
  const types = inputs.map(input => input.type)
  const context = {
    params,
    inputs: types,
    output: v.type,
    size: (dim: Dim) => s.int(typeof dim === 'number' ? dim : Number.NaN),
  }
  if (types.some(t => t.shape.some(n => typeof n !== 'number'))) return null
  const result = allocate(
    v.dtype,
    shape.reduce((n, size) => n * size, 1),
  )
  for (let i = 0; i < result.length; i++) {
    for (const piece of family.read(unravel(i, shape).map(s.int), context)) {
      if (piece.where !== undefined && evaluateBody(() => piece.where!, [])() === 0) continue
      if (piece.input === null) result[i] = piece.fill!
      else {
        const from = data[piece.input]!
        const index = piece.index.map(x => evaluateBody(() => x, [])())
        result[i] = from.length === 1 ? from[0]! : from[ravel(index, types[piece.input]!.shape as number[])]!
      }
      break
    }
  }
  return constantOf(v, shape, result)
}

/** Whether some element of the view is not an element of its input. */
function readsFill(v: Variable): boolean {
  const { op, inputs, params } = v.owner!
  if (op.family.kind !== 'view') return true
  const context = { params, inputs: inputs.map(x => x.type), output: v.type, size: () => s.int(2) }
  return op.family
    .read(
      v.shape.map(() => s.int(0)),
      context,
    )
    .some(piece => piece.input === null)
}

function unravel(position: number, shape: readonly number[]): number[] {
  const index: number[] = []
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = position % shape[axis]!
    position = Math.floor(position / shape[axis]!)
  }
  return index
}

const ravel = (index: readonly number[], shape: readonly number[]) =>
  index.reduce((position, i, axis) => position * shape[axis]! + i, 0)

/** A constant whose elements are all one number. */
function uniform(v: Variable): Variable | null {
  const { data, shape } = v.owner!.params as HostValue
  if (data.length === 0 || shape.length === 0) return null
  for (let i = 1; i < data.length; i++) if (!Object.is(data[i], data[0])) return null
  return filled(data[0]!, v.dtype, v.shape)
}

/** f(expand a, expand b) is expand f(a, b) over the axes along which all repeat. */
function mapOfExpands(v: Variable): Variable | null {
  const { op, inputs, params } = v.owner!
  const seen = inputs.map(readAxes).filter(axes => axes !== null)
  if (seen.length < inputs.length) return null
  const kept = v.shape.flatMap((_, axis) => (seen.every(({ axes }) => axes[axis] === null) ? [] : [axis]))
  if (kept.length === v.ndim) return null
  const shape = kept.map(axis => v.shape[axis]!)
  const small = seen.map(({ source, axes }) =>
    buildAxes({ source, axes: kept.map(axis => axes[axis]!), shape }),
  )
  const source = apply1(op, small, params)
  return buildAxes({
    source,
    axes: v.shape.map((_, i) => (kept.includes(i) ? kept.indexOf(i) : null)),
    shape: v.shape,
  })
}

/** A literal may be a view of a constant. */
const constantLike = ['constant', 'view'] as const

export const constants: readonly Rule[] = [
  rule('a constant of one repeated number → expand', madeBy(constant), (_, v) => uniform(v)),
  rule('map of constants → constant', madeBy('map', constantLike), (_, v) => foldMap(v)),
  rule('view of constants → constant', madeBy('view', constantLike), (_, v) => foldView(v)),
  rule('map of expands → expand of map', madeBy('map', ['view']), (_, v) => mapOfExpands(v)),
]
