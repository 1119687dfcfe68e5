/**
 * Sources, maps and views: families that say what one element is.
 *
 * A source and the places that a view reads from depend on sizes alone, so they are worked out once, as tables.
 */

import { type Apply, evaluateDim, type IndexContext, type ViewPiece } from '@arignote/graph'
import {
  allocate,
  evaluateBody,
  type Scalar,
  type ScalarType,
  s,
  scalarType,
  type TypedArray,
} from '@arignote/loops'
import {
  countOf,
  type Evaluator,
  type FamilyOf,
  forEachIndex,
  type Sizes,
  shapeUnder,
  stridesOf,
} from './value.js'

function contextOf(node: Apply, sizes: Sizes): IndexContext<unknown> {
  return {
    params: node.params,
    inputs: node.inputs.map(v => v.type),
    output: node.outputs[0]!.type,
    size: dim => s.int(evaluateDim(dim, sizes)),
  }
}

/** `build` at every index, in C order. */
function tabulate(
  shape: readonly number[],
  build: (index: readonly Scalar[]) => Scalar,
  table: TypedArray,
): TypedArray {
  const f = evaluateBody(
    (...index) => build(index),
    shape.map((): ScalarType => 'int32'),
  )
  forEachIndex(shape, (index, position) => {
    table[position] = f(...index)
  })
  return table
}

export function prepareSource(family: FamilyOf<'source'>, node: Apply, sizes: Sizes): Evaluator {
  const { dtype } = node.outputs[0]!
  const shape = shapeUnder(node.outputs[0]!.type, sizes)
  const context = contextOf(node, sizes)
  const strides = stridesOf(shape)
  const at = (index: readonly Scalar[]) => family.at(family.flat ? [dot(index, strides)] : index, context)
  let data: TypedArray | null = null
  return () => {
    data ??= tabulate(shape, at, allocate(dtype, countOf(shape)))
    return [{ dtype, shape, data: data.slice() }]
  }
}

export function prepareMap(family: FamilyOf<'map'>, node: Apply, sizes: Sizes): Evaluator {
  const output = node.outputs[0]!
  const shape = shapeUnder(output.type, sizes)
  const count = countOf(shape)
  const f = evaluateBody(
    (...args) => family.body(args, node.params, output.type),
    node.inputs.map(v => scalarType(v.dtype)),
  )
  return inputs => {
    const data = allocate(output.dtype, count)
    const [a, b] = inputs.map(v => v.data)
    if (inputs.length === 1) for (let i = 0; i < count; i++) data[i] = f(a![i]!)
    else if (inputs.length === 2) for (let i = 0; i < count; i++) data[i] = f(a![i]!, b![i]!)
    else for (let i = 0; i < count; i++) data[i] = f(...inputs.map(v => v.data[i]!))
    return [{ dtype: output.dtype, shape, data }]
  }
}

/** Where each element of a view comes from: the piece that holds first, and the offset in that piece's input. */
interface ViewTable {
  readonly piece: Uint8Array
  readonly offset: Int32Array
}

function firstThatHolds(
  pieces: readonly ViewPiece[],
  value: (piece: ViewPiece, number: number) => Scalar,
): Scalar {
  return pieces.reduceRight<Scalar | null>((rest, piece, number) => {
    const here = value(piece, number)
    return piece.where === undefined || rest === null ? here : s.select(piece.where, here, rest)
  }, null)!
}

const dot = (index: readonly Scalar[], strides: readonly number[]) =>
  index.reduce((sum, x, axis) => s.add(sum, s.mul(x, strides[axis]!)), s.int(0))

export function prepareView(family: FamilyOf<'view'>, node: Apply, sizes: Sizes): Evaluator {
  const { dtype } = node.outputs[0]!
  const shape = shapeUnder(node.outputs[0]!.type, sizes)
  const count = countOf(shape)
  const context = contextOf(node, sizes)
  const strides = node.inputs.map(v => stridesOf(shapeUnder(v.type, sizes)))
  const read = (index: readonly Scalar[]) => family.read(index, context)
  const sources = read(shape.map(() => s.int(0))).map(({ input, fill = 0 }) => ({ input, fill }))
  if (sources.length > 255) throw new Error(`internal: ${node.op.name} reads ${sources.length} pieces`)
  const pieceAt = (index: readonly Scalar[]) => firstThatHolds(read(index), (_, number) => s.int(number))
  const offsetAt = (index: readonly Scalar[]) =>
    firstThatHolds(read(index), ({ input, index: from }) =>
      input === null ? s.int(0) : dot(from, strides[input]!),
    )
  let table: ViewTable | null = null
  return inputs => {
    table ??= {
      piece: tabulate(shape, pieceAt, new Uint8Array(count)) as Uint8Array,
      offset: tabulate(shape, offsetAt, new Int32Array(count)) as Int32Array,
    }
    const data = allocate(dtype, count)
    const { piece, offset } = table
    for (let i = 0; i < count; i++) {
      const { input, fill } = sources[piece[i]!]!
      data[i] = input === null ? fill : inputs[input]!.data[offset[i]!]!
    }
    return [{ dtype, shape, data }]
  }
}
