/**
 * Elementwise kernels: one nest of loops over a space, lanes along its last axis. All values of an element are computed
 * before the first is stored, so that a result may take the memory of what it is made from.
 */
import type { Dim } from '@arignote/graph'
import { type Axis, type Scalar, type Statement, s } from '@arignote/loops'
import type { PlaceOf } from '../expression.js'
import type { Call, Group } from '../program.js'
import { KernelBuilder, lanes, type Range, range, serial } from './builder.js'
import { inPlacePairs } from './in-place.js'
import { mergedSpace, pointwisePlaces } from './space.js'
import { indexOf, Values } from './value.js'

type MapGroup = Extract<Group, { readonly kind: 'map' }>

export function lowerMap(name: string, { stores, expressions }: MapGroup, placeOf: PlaceOf): Call {
  const builder = new KernelBuilder(name)
  const computed = new Set(stores.filter(x => placeOf(x.value) === x.place).map(x => x.value))
  const shape = stores[0]!.place.shape
  const reads = pointwisePlaces(expressions, placeOf)
  const space = mergedSpace(shape, reads && [...reads, ...stores.map(x => x.place)])
  const axes = space.groups.map(() => builder.axis('i'))
  const index = indexOf(axes.map(s.axis), space.merged)
  const values = new Values(builder, placeOf, computed)

  const buffers = stores.map(({ place }) => builder.buffer(place, 'write'))
  const body: Statement[] = []
  const results = stores.map(({ value, place }): Scalar => {
    const register = builder.register('r', values.at(value, index).type)
    body.push({ kind: 'declare', register, value: s.cast(values.at(value, index), place.ref.buffer.dtype) })
    return s.register(register)
  })
  stores.forEach(({ place }, i) => {
    body.push({ kind: 'store', buffer: buffers[i]!, index: values.offset(place, index), value: results[i]! })
  })
  const nest = loopNest(builder, axes, space.extents, body)
  return builder.finish(nest.body, nest.range, inPlacePairs(builder, stores, expressions, placeOf))
}

/** Serial loops with lanes along the last axis, one vector at a time; the outermost one is the kernel's range. */
export function loopNest(
  builder: KernelBuilder,
  axes: readonly Axis[],
  extents: readonly Dim[],
  body: readonly Statement[],
): { readonly body: readonly Statement[]; readonly range: Range | null } {
  if (axes.length === 0) return { body, range: null }
  const inner = extents.slice(1).reduce<number>((product, d) => product * (typeof d === 'number' ? d : 64), 1)
  const outer = range(extents[0]!, axes.length === 1 ? 64 : 1, Math.max(1, inner))
  let nest = body
  for (let i = axes.length - 1; i >= 0; i--) {
    const begin = i === 0 ? s.size(outer.begin) : s.int(0)
    const end = i === 0 ? s.size(outer.end) : builder.size(extents[i]!)
    nest = [i === axes.length - 1 ? lanes(axes[i]!, begin, end, 1, nest) : serial(axes[i]!, begin, end, nest)]
  }
  return { body: nest, range: outer }
}
