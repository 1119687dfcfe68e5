/**
 * The value of a variable at an index, as a scalar expression: one case a family.
 *
 * A variable with a place answers with a load; everything else asks its inputs. Between them stands nothing but the
 * families' own words (`body`, `read`, `at`), so nothing here knows an op.
 */
import {
  type Apply,
  contiguousStrides,
  type IndexContext,
  type Variable,
  type ViewPiece,
} from '@arignote/graph'
import { type Scalar, s, scalarType } from '@arignote/loops'
import { repeatedScalar } from '../expression.js'
import type { Place } from '../program.js'
import type { KernelBuilder } from './builder.js'

/**
 * Where in a space: one value per axis, or, with `groups`, one per group of merged neighbouring axes (possible only
 * where everything is read pointwise). Indices are compared by identity.
 */
export interface Index {
  readonly values: readonly Scalar[]
  readonly groups: readonly (readonly number[])[] | null
}

export class Values {
  /** How many views with conditions are around what is being computed. */
  private guards = 0
  private readonly known = new Map<Index, Map<Variable, Scalar>>()

  constructor(
    readonly builder: KernelBuilder,
    private readonly placeOf: (v: Variable) => Place | null,
    /** Stored by this very kernel: to be computed, not loaded. */
    private readonly computed: ReadonlySet<Variable> = new Set(),
  ) {}

  /** Fixes the value of a variable at an index: the accumulator of a contraction or reduction. */
  set(v: Variable, index: Index, value: Scalar): void {
    this.table(index).set(v, value)
  }

  /** Depth is bounded: the scheduler gives memory to every so many nodes of a chain. */
  at(v: Variable, index: Index): Scalar {
    const table = this.table(index)
    let value = table.get(v)
    if (value === undefined) {
      value = this.compute(v, index)
      table.set(v, value)
    }
    return value
  }

  /** A load from a place. */
  load(place: Place, index: Index): Scalar {
    return s.load(this.builder.buffer(place, 'read'), this.offset(place, index))
  }

  /** The element offset of an index within a place. */
  offset(place: Place, { values, groups }: Index): Scalar {
    const strides = groups === null ? place.strides : groups.map(axes => place.strides[axes.at(-1)!]!)
    return this.builder.linear(values, strides)
  }

  private table(index: Index): Map<Variable, Scalar> {
    let table = this.known.get(index)
    if (table === undefined) {
      table = new Map()
      this.known.set(index, table)
    }
    return table
  }

  private compute(v: Variable, index: Index): Scalar {
    const place = this.computed.has(v) ? null : this.placeOf(v)
    if (place !== null) return this.load(place, v.ndim === 0 ? scalarIndex : index)
    const node = v.owner
    if (node === null) throw new Error(`internal: ${v.name ?? 'an input'} has no place`)
    const { family } = node.op
    const inputs = node.inputs
    switch (family.kind) {
      case 'constant': {
        const { data } = node.params as { readonly data: ArrayLike<number> }
        return s.const(scalarType(v.dtype), data[0]!)
      }
      case 'source':
        return family.at(family.flat ? [this.position(v, index)] : this.axes(index), this.contextOf(node, v))
      case 'map': {
        const value = family.body(this.allAt(inputs, index), node.params, v.type)
        return v.dtype === 'uint8' && value.kind !== 'load' ? s.and(value, 255) : value
      }
      case 'view': {
        const scalar = index.groups === null ? null : repeatedScalar(v)
        if (scalar !== null) return this.at(scalar, scalarIndex)
        return this.view(inputs, family.read(this.axes(index), this.contextOf(node, v)), v)
      }
      case 'effect':
        return this.at(inputs[0]!, index)
      case 'gather':
        return this.gather(inputs[0]!, inputs[1]!, family.axis(node.params), this.axes(index))
      case 'reduce':
      case 'contract':
      case 'scatter':
      case 'routine':
      case 'scan':
      case 'branch':
        throw new Error(`internal: ${node.op.name} has no memory`)
      default:
        return family satisfies never
    }
  }

  private allAt(variables: readonly Variable[], index: Index): readonly Scalar[] {
    return variables.map(v => this.at(v, index))
  }

  private contextOf({ params, inputs }: Apply, { type: output }: Variable): IndexContext<unknown> {
    return { params, inputs: inputs.map(x => x.type), output, size: this.builder.size }
  }

  /** The position in C order of the element at an index. */
  private position(v: Variable, { values, groups }: Index): Scalar {
    const all = contiguousStrides(v.shape)
    const strides = groups === null ? all : groups.map(axes => all[axes.at(-1)!]!)
    return this.builder.linear(values, strides)
  }

  private axes({ values, groups }: Index): readonly Scalar[] {
    if (groups?.some(axes => axes.length !== 1)) throw new Error('internal: merged axes under a view')
    return values
  }

  /** The first piece that holds; an index that does not hold is replaced by 0, so that nothing outside is read. */
  private view(inputs: readonly Variable[], pieces: readonly ViewPiece[], v: Variable): Scalar {
    let result: Scalar | null = null
    for (const { input, index, where, fill } of [...pieces].reverse()) {
      const guarded = where === undefined ? index : index.map(i => s.select(where, i, s.int(0)))
      this.guards += where === undefined ? 0 : 1
      const value =
        input === null
          ? s.const(scalarType(v.dtype), fill ?? 0)
          : this.at(inputs[input]!, this.index(guarded))
      this.guards -= where === undefined ? 0 : 1
      result = result === null || where === undefined ? value : s.select(where, value, result)
    }
    if (result === null) throw new Error('internal: a view of nothing')
    return result
  }

  private gather(x: Variable, ids: Variable, axis: number, index: readonly Scalar[]): Scalar {
    const id = s.cast(this.at(ids, this.index(index.slice(axis, axis + ids.ndim))), 'int32')
    const row = this.guards === 0 ? id : within(id, this.builder.size(x.shape[axis]!))
    return this.at(x, this.index([...index.slice(0, axis), row, ...index.slice(axis + ids.ndim)]))
  }

  /** The same values give the same index, so that what is read twice is one expression. */
  private index(values: readonly Scalar[]): Index {
    if (values.length === 0) return scalarIndex
    const found = this.indices.find(
      x => x.values.length === values.length && x.values.every((y, i) => y === values[i]),
    )
    if (found !== undefined) return found
    const made = { values, groups: null }
    this.indices.push(made)
    return made
  }

  private readonly indices: Index[] = []
}

/** Behind a guard, index 0 may be read of ids that are empty: what lies there may be anything. */
const within = (id: Scalar, size: Scalar) => s.select(s.and(s.ge(id, 0), s.lt(id, size)), id, 0)

export const scalarIndex: Index = { values: [], groups: null }

/** An index of loop axes that later views of the same values will meet again. */
export function indexOf(values: readonly Scalar[], groups: Index['groups'] = null): Index {
  return values.length === 0 ? scalarIndex : { values, groups }
}
