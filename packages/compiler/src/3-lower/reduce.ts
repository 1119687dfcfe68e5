/**
 * Reductions, with the maps before them fused in and those after them applied to the result.
 *
 * Lanes run along the last axis: where it is reduced, as partial results that fold at the end; where it is kept, as
 * several results side by side. Reductions that ask for positions and reduce the last axis run serially.
 */
import type { Apply, Dim } from '@arignote/graph'
import {
  type Fold,
  postorder,
  type Register,
  type Scalar,
  type Statement,
  s,
  scalarType,
} from '@arignote/loops'
import { type Expression, expressionOf, type PlaceOf } from '../expression.js'
import type { Call, Place, StoreTo } from '../program.js'
import { KernelBuilder, lanes, range, serial } from './builder.js'
import { inPlacePairs } from './in-place.js'
import { mergedSpace, pointwisePlaces } from './space.js'
import { indexOf, Values } from './value.js'

/**
 * Accumulators side by side, for what waits for its own last addition. A transcendental function is long enough for the core to
 * overlap iterations by itself, and four copies of it are but more code.
 */
const jamOf = (element: readonly Scalar[]) => (postorder(element).some(x => x.kind === 'intrinsic') ? 1 : 4)

export function lowerReduce(name: string, node: Apply, store: StoreTo, placeOf: PlaceOf): Call {
  const { family } = node.op
  if (family.kind !== 'reduce') throw new Error('internal: not a reduction')
  const builder = new KernelBuilder(name)
  const input = node.inputs[0]!
  const reduced = new Set(family.axes(node.params))
  const kept = input.shape.flatMap((_, axis) => (reduced.has(axis) ? [] : [axis]))
  const places = allPlaces(node, store, placeOf, kept)
  const space = mergedSpace(input.shape, places, axis => reduced.has(axis) === reduced.has(axis - 1))
  const isReduced = (group: readonly number[]) => reduced.has(group[0]!)
  const axes = space.groups.map(group => builder.axis(isReduced(group) ? 'k' : 'i'))
  const keptLoops = space.groups.flatMap((group, i) => (isReduced(group) ? [] : [i]))
  const reducedLoops = space.groups.flatMap((group, i) => (isReduced(group) ? [i] : []))

  const values = new Values(builder, placeOf, new Set([store.value]))
  const at = axes.map(s.axis)
  const outGroups = space.merged && keptLoops.map(i => space.groups[i]!.map(axis => kept.indexOf(axis)))
  const outIndex = indexOf(
    keptLoops.map(i => at[i]!),
    outGroups,
  )
  const buffer = builder.buffer(store.place, 'write')

  const monoid = family.monoid(input.type, node.params)
  const position = positionOf(
    builder,
    reducedLoops.map(i => ({ at: at[i]!, extent: space.extents[i]! })),
  )
  const element = monoid.lift(values.at(input, indexOf(at, space.merged)), position)
  const jam = jamOf(element)
  const identity = monoid.identity(scalarType(input.dtype))
  const accumulators = element.map(x => builder.register('acc', x.type))
  const combine = combineStatements(
    builder,
    accumulators,
    monoid.combine(accumulators.map(s.register), element),
  )

  values.set(node.outputs[0]!, outIndex, monoid.finish(accumulators.map(s.register)))
  const result = s.cast(values.at(store.value, outIndex), store.place.ref.buffer.dtype)
  const finish: Statement = {
    kind: 'store',
    buffer,
    index: values.offset(store.place, outIndex),
    value: result,
  }
  const start = accumulators.map(
    (register, i): Statement => ({ kind: 'declare', register, value: identity[i]! }),
  )

  const lastIsReduced = reducedLoops.at(-1) === axes.length - 1
  const end = (i: number) => builder.size(space.extents[i]!)
  const inLanes = lastIsReduced && !monoid.usesPosition
  let loops: readonly Statement[] = combine
  for (const i of [...reducedLoops].reverse()) {
    const innermost = i === axes.length - 1 && inLanes
    const fold = innermost ? [foldOf(builder, accumulators, identity, monoid.combine)] : []
    loops = [
      innermost
        ? lanes(axes[i]!, s.int(0), end(i), jam, loops, fold)
        : serial(axes[i]!, s.int(0), end(i), loops),
    ]
  }
  let nest: readonly Statement[] = [...start, ...loops, finish]
  const expressions = [expressionOf(placeOf, store.value, true)]
  const inPlace = inPlacePairs(builder, [store], expressions, placeOf)
  if (keptLoops.length === 0) return builder.finish(nest, null, inPlace)
  const work = product(space.extents.slice(1))
  const outer = range(space.extents[keptLoops[0]!]!, keptLoops.length === 1 && !lastIsReduced ? 16 : 1, work)
  for (const i of [...keptLoops].reverse()) {
    const isOuter = i === keptLoops[0]
    const begin = isOuter ? s.size(outer.begin) : s.int(0)
    const limit = isOuter ? s.size(outer.end) : end(i)
    const vector = i === axes.length - 1
    nest = [vector ? lanes(axes[i]!, begin, limit, jam, nest) : serial(axes[i]!, begin, limit, nest)]
  }
  return builder.finish(nest, outer, inPlace)
}

const product = (dims: readonly Dim[]) =>
  Math.max(
    1,
    dims.reduce<number>((sum, d) => sum * (typeof d === 'number' ? d : 64), 1),
  )

/** Places of the maps before (over the input's axes) and after (spread over the kept axes); null: not pointwise. */
function allPlaces(
  node: Apply,
  store: StoreTo,
  placeOf: PlaceOf,
  kept: readonly number[],
): readonly Place[] | null {
  const input = node.inputs[0]!
  const before = expressionOf(placeOf, input, placeOf(input) === null)
  const inner = pointwisePlaces([before], placeOf)
  const after = epilogueOf(store, node, placeOf)
  const outer = pointwisePlaces([after], placeOf)
  if (inner === null || outer === null) return null
  const spread = [...outer, store.place].map((place): Place => {
    const strides: Dim[] = input.shape.map(() => 0)
    kept.forEach((axis, i) => {
      strides[axis] = place.strides[i]!
    })
    return { ...place, shape: input.shape, strides }
  })
  return [...inner, ...spread]
}

/** The expression of the stored value down to the reduction itself. */
function epilogueOf(store: StoreTo, node: Apply, placeOf: PlaceOf): Expression {
  const result = node.outputs[0]!
  if (store.value === result) return { interior: new Map(), leaves: [] }
  const { interior, leaves } = expressionOf(v => (v === result ? store.place : placeOf(v)), store.value, true)
  return { interior, leaves: leaves.filter(leaf => leaf.variable !== result) }
}

function positionOf(
  builder: KernelBuilder,
  loops: readonly { readonly at: Scalar; readonly extent: Dim }[],
): Scalar {
  return loops.reduce((sum, { at, extent }) => s.add(s.mul(sum, builder.size(extent)), at), s.int(0))
}

/** registers := values, all from the old registers. */
function combineStatements(
  builder: KernelBuilder,
  registers: readonly Register[],
  values: readonly Scalar[],
): Statement[] {
  if (registers.length === 1) return [{ kind: 'assign', register: registers[0]!, value: values[0]! }]
  const temporaries = values.map(value => builder.register('t', value.type))
  return [
    ...temporaries.map((register, i): Statement => ({ kind: 'declare', register, value: values[i]! })),
    ...registers.map(
      (register, i): Statement => ({ kind: 'assign', register, value: s.register(temporaries[i]!) }),
    ),
  ]
}

function foldOf(
  builder: KernelBuilder,
  registers: readonly Register[],
  identity: readonly Scalar[],
  combine: (a: readonly Scalar[], b: readonly Scalar[]) => readonly Scalar[],
): Fold {
  const others = registers.map(register => builder.register('other', register.type))
  return { registers, identity, others, combine: combine(registers.map(s.register), others.map(s.register)) }
}
