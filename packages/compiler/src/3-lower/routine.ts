/**
 * Routines: loops over the batch around the statements of the entry. The kernel's range is the batch, so a driver may cut it;
 * the scratch memory of one run is no other's.
 */
import { contiguousStrides, type RoutineArray } from '@arignote/graph'
import { s } from '@arignote/loops'
import type { PlaceOf } from '../expression.js'
import type { Buffer, Call, Group, Place } from '../program.js'
import { KernelBuilder, type Range, range, serial } from './builder.js'
import { mergedSpace } from './space.js'

type RoutineGroup = Extract<Group, { readonly kind: 'routine' }>

/** For the first run that fails the error record gets [record, its position in the batch]. */
export function lowerRoutine(
  { node, store: { place: target }, scratch, record }: RoutineGroup,
  errors: Buffer,
  placeOf: PlaceOf,
): Call {
  const { family } = node.op
  if (family.kind !== 'routine') throw new Error('internal: not a routine')
  const builder = new KernelBuilder(node.op.name)
  const sources = node.inputs.map(v => placeOf(v)!)
  const rank = target.shape.length - family.core.output
  const space = mergedSpace(
    target.shape.slice(0, rank),
    [...sources, ...scratch, target].map(place => ({ ...place, strides: place.strides.slice(0, rank) })),
  )
  const axes = space.groups.map(() => builder.axis('i'))
  const run = axes.map(s.axis)

  const arrayAt = (place: Place): RoutineArray => {
    const outer = space.groups.map(group => place.strides[group.at(-1)!]!)
    const strides = [...outer, ...place.strides.slice(rank)]
    const { dtype } = place.ref.buffer
    return {
      dtype,
      shape: place.shape.slice(rank),
      at: (...index) => s.load(builder.buffer(place, 'read'), builder.linear([...run, ...index], strides)),
      store: (index, value) => ({
        kind: 'store',
        buffer: builder.buffer(place, 'write'),
        index: builder.linear([...run, ...index], strides),
        value,
      }),
    }
  }

  let nest = family.statements({
    params: node.params,
    inputs: sources.map(arrayAt),
    output: arrayAt(target),
    scratch: scratch.map(arrayAt),
    size: builder.size,
    require: ok => {
      if (record === null) throw new Error(`internal: ${node.op.name} cannot fail`)
      const place = { ref: { buffer: errors, offset: 0, perTrip: [] }, shape: [2], strides: [1], scope: [] }
      const all = contiguousStrides(target.shape.slice(0, rank))
      const position = builder.linear(
        run,
        space.groups.map(group => all[group.at(-1)!]!),
      )
      return { kind: 'check', ok, errors: builder.buffer(place, 'readwrite'), code: record, value: position }
    },
  })
  let outermost: Range | null = null
  for (let i = axes.length - 1; i >= 0; i--) {
    if (i === 0) outermost = range(space.extents[0]!, 1, workOf([...sources, target], rank, space.extents))
    const begin = outermost === null ? s.int(0) : s.size(outermost.begin)
    const end = outermost === null ? builder.size(space.extents[i]!) : s.size(outermost.end)
    nest = [serial(axes[i]!, begin, end, nest)]
  }
  return builder.finish(nest, outermost)
}

/** About how many elements an iteration of the outermost loop handles. */
function workOf(places: readonly Place[], rank: number, extents: Place['shape']): number {
  const count = (shape: Place['shape']) =>
    shape.reduce<number>((product, n) => product * (typeof n === 'number' ? n : 64), 1)
  const inner = count(extents.slice(1))
  return Math.max(1, ...places.map(place => inner * count(place.shape.slice(rank))))
}
