/**
 * A kernel under construction: its parameters, and the arguments they stand for.
 *
 * A dimension that is a number becomes a constant of the code; any other becomes an int32 parameter, so that the kernel
 * serves every size. Each distinct start of a value (buffer, offset, movement) is one buffer parameter.
 */
import { type Dim, dimKey } from '@arignote/graph'
import {
  type Axis,
  type BufferParam,
  type Fold,
  type Kernel,
  type KernelParam,
  type Loop,
  type Register,
  type Scalar,
  type ScalarType,
  type SizeParam,
  type Statement,
  s,
} from '@arignote/loops'
import type { Changeable } from '../changeable.js'
import type { BufferRef, Call, Place } from '../program.js'

/** A call of about this many elements or multiply-adds is long enough to be worth it, and short enough to be cut there. */
const workPerCall = 16384

interface Parameter {
  readonly param: KernelParam
  readonly arg: BufferRef | Dim
}

export class KernelBuilder {
  private readonly parameters: Parameter[] = []
  /** Where each is, by what it stands for. */
  private readonly positions = new Map<string, number>()
  private readonly keys = new Map<BufferRef, string>()
  private readonly ids = new Map<object, number>()
  private names = 0

  constructor(readonly name: string) {}

  axis(name: string): Axis {
    return { name: `${name}${this.names++}` }
  }

  register(name: string, type: ScalarType): Register {
    return { name: `${name}${this.names++}`, type }
  }

  /** A dimension as a scalar. */
  readonly size = (dim: Dim): Scalar => {
    if (typeof dim === 'number') return s.int(dim)
    const key = `size ${dimKey(dim)}`
    const known = this.known(key)
    if (known?.kind === 'size') return s.size(known)
    const param: SizeParam = { kind: 'size', name: `n${this.names++}` }
    this.add(key, { param, arg: dim })
    return s.size(param)
  }

  private known(key: string): KernelParam | undefined {
    const position = this.positions.get(key)
    return position === undefined ? undefined : this.parameters[position]!.param
  }

  private add(key: string, parameter: Parameter): void {
    this.positions.set(key, this.parameters.length)
    this.parameters.push(parameter)
  }

  /** The parameter for the start of a place; read in one statement and written in another, its access becomes both. */
  buffer(place: Place, access: BufferParam['access']): BufferParam {
    const known = this.find(place)
    if (known !== null) {
      if (known.access !== access) (known as Changeable<BufferParam>).access = 'readwrite'
      return known
    }
    const { ref } = place
    const param: BufferParam = { kind: 'buffer', name: `b${this.names++}`, dtype: ref.buffer.dtype, access }
    this.add(this.keyOf(ref), { param, arg: ref })
    return param
  }

  /** The parameter for the start of a place, if there is one yet. */
  find({ ref }: Place): BufferParam | null {
    const known = this.known(this.keyOf(ref))
    return known?.kind === 'buffer' ? known : null
  }

  /** Σ values · strides. */
  linear(values: readonly Scalar[], strides: readonly Dim[]): Scalar {
    let sum = s.int(0)
    for (let i = 0; i < values.length; i++) sum = s.add(sum, s.mul(values[i]!, this.size(strides[i]!)))
    return sum
  }

  /** The finished kernel. `range`: its outermost loop was built by `ranged`, with about `work` operations an iteration. */
  finish(body: readonly Statement[], range: Range | null = null, inPlace: Call['inPlace'] = []): Call {
    const { parameters } = this
    const params = parameters.map(x => x.param)
    const kernelRange = range && { begin: range.begin, end: range.end, align: range.align }
    const kernel: Kernel = {
      name: this.name,
      params: range === null ? params : [...params, range.begin, range.end],
      body,
      range: kernelRange,
    }
    const chunk =
      range && Math.max(range.align, Math.ceil(workPerCall / range.work / range.align) * range.align)
    return {
      kernel,
      args: parameters.map(x => x.arg),
      range: range && { extent: range.extent, chunk: chunk! },
      inPlace,
    }
  }

  /** The position among the arguments of the parameter for the start of a place; null: there is none yet. */
  position({ ref }: Place): number | null {
    return this.positions.get(this.keyOf(ref)) ?? null
  }

  private keyOf(ref: BufferRef): string {
    let key = this.keys.get(ref)
    if (key === undefined) {
      key = this.makeKey(ref)
      this.keys.set(ref, key)
    }
    return key
  }

  private makeKey({ buffer, offset, perTrip }: BufferRef): string {
    const start = `buffer ${this.id(buffer)} ${dimKey(offset)} `
    if (perTrip.length === 0) return start
    const moving = perTrip.map(x => [
      x.trip && this.id(x.trip),
      dimKey(x.stride),
      x.ring && this.id(x.ring),
      dimKey(x.phase),
    ])
    return start + moving.join()
  }

  private id(object: object): number {
    const known = this.ids.get(object) ?? this.ids.size
    this.ids.set(object, known)
    return known
  }
}

/** The outermost loop of a kernel, which a driver may cut. */
export interface Range {
  readonly begin: SizeParam
  readonly end: SizeParam
  readonly align: number
  readonly extent: Dim
  readonly work: number
}

export function range(extent: Dim, align: number, work: number): Range {
  return { begin: { kind: 'size', name: 'begin' }, end: { kind: 'size', name: 'end' }, align, extent, work }
}

export function serial(axis: Axis, begin: Scalar, end: Scalar, body: readonly Statement[], step = 1): Loop {
  return { kind: 'loop', axis, begin, end, step, mode: 'serial', jam: 1, body, folds: [] }
}

export function lanes(
  axis: Axis,
  begin: Scalar,
  end: Scalar,
  jam: number,
  body: readonly Statement[],
  folds: readonly Fold[] = [],
): Loop {
  return { kind: 'loop', axis, begin, end, step: 1, mode: 'lanes', jam, body, folds }
}
