/**
 * A block: one level of a program – the top, or the body of a scan – while its values get memory.
 *
 * It knows where each variable lies (its place), which places are views of others, and what is still to be stored.
 */
import {
  type Apply,
  addDim,
  contiguousStrides,
  type Dim,
  equalDim,
  mulDim,
  productDim,
  type TensorType,
  type Variable,
} from '@arignote/graph'
import type { TypedArray } from '@arignote/loops'
import type { Buffer, BufferRole, GroupTask, Place, Step, StoreTo, Trip } from '../program.js'

export class Block {
  readonly places = new Map<Variable, Place>()
  /** For a variable that lies inside another's memory: the variable that owns it. */
  readonly owners = new Map<Variable, Variable>()
  readonly steps: Step<GroupTask>[] = []
  /** Panels already packed at this level, by operand and layout. */
  readonly panels = new Map<string, Place>()

  constructor(
    readonly trips: readonly Trip[],
    readonly parent: Block | null,
  ) {}

  /** The place of a variable: given, or found by following a strided view to its input. */
  placeOf(v: Variable): Place | null {
    const known = this.places.get(v)
    if (known !== undefined) return known
    let source = v
    do {
      const node = source.owner
      if (node?.op.family.kind !== 'view' || node.op.family.strided === undefined) return null
      source = node.inputs[0]!
    } while (!this.places.has(source))
    const views: Apply[] = []
    for (let x = v; x !== source; x = x.owner!.inputs[0]!) views.push(x.owner!)
    for (const node of views.reverse()) {
      const place = viewPlace(node, this.places.get(node.inputs[0]!)!)
      if (place === null) return null
      this.places.set(node.outputs[0]!, place)
      this.owners.set(node.outputs[0]!, this.ownerOf(node.inputs[0]!))
    }
    return this.places.get(v)!
  }

  /** The variable whose store fills the memory in which `v` lies. */
  ownerOf(v: Variable): Variable {
    return this.owners.get(v) ?? v
  }
}

export function freshPlace(name: string, role: BufferRole, type: TensorType, scope: readonly Trip[]): Place {
  const buffer: Buffer = { name, role, dtype: type.dtype, size: productDim(type.shape), depth: scope.length }
  return wholePlace(buffer, type.shape, scope)
}

/** A C-order value that fills a buffer. */
export function wholePlace(buffer: Buffer, shape: readonly Dim[], scope: readonly Trip[]): Place {
  return { ref: { buffer, offset: 0, perTrip: [] }, shape, strides: contiguousStrides(shape), scope }
}

/** Where a strided view of a place lies; null when strides cannot express it. */
export function viewPlace(node: Apply, source: Place): Place | null {
  const family = node.op.family
  if (family.kind !== 'view' || family.strided === undefined) return null
  const output = node.outputs[0]!.type
  const view = family.strided(source.strides, {
    params: node.params,
    inputs: node.inputs.map(v => v.type),
    output,
  })
  if (view === null) return null
  const ref = { ...source.ref, offset: addDim(source.ref.offset, view.offset) }
  return { ref, shape: output.shape, strides: view.strides, scope: source.scope }
}

/** A part of a place, from `start` on. */
export function subPlace(place: Place, start: readonly Dim[], shape: readonly Dim[]): Place {
  let offset = place.ref.offset
  start.forEach((at, axis) => {
    offset = addDim(offset, mulDim(at, place.strides[axis]!))
  })
  return { ...place, ref: { ...place.ref, offset }, shape }
}

/** C order without gaps (axes of size 1 may have any stride). */
export function isContiguous(place: Place): boolean {
  return contiguousStrides(place.shape).every(
    (stride, i) => equalDim(place.shape[i]!, 1) || equalDim(stride, place.strides[i]!),
  )
}

/** Something that a kernel has to store. */
export interface Root {
  readonly store: StoreTo
}

const constantBuffers = new WeakMap<Apply, Buffer>()

/** A constant's data lies in one buffer, however many blocks read it. */
export function constantPlace(node: Apply): Place {
  const { data } = node.params as { readonly data: TypedArray }
  const { type } = node.outputs[0]!
  let buffer = constantBuffers.get(node)
  if (buffer === undefined) {
    buffer = {
      name: 'constant',
      role: 'constant',
      dtype: type.dtype,
      size: productDim(type.shape),
      depth: 0,
      data,
    }
    constantBuffers.set(node, buffer)
  }
  return wholePlace(buffer, type.shape, [])
}
