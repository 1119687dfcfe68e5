/**
 * Which of a kernel's results may take the memory of what it reads: every element is read at its own index only, before
 * it is overwritten.
 */
import { equalShape } from '@arignote/graph'
import type { Expression, Leaf, PlaceOf } from '../expression.js'
import type { Call, Place, StoreTo } from '../program.js'
import type { KernelBuilder } from './builder.js'

/** How the parameter at a position is read: by several variables, perhaps, since views of one start share it. */
interface Reading {
  readonly position: number
  readonly places: Place[]
  pointwise: boolean
}

/** Pairs of argument positions (read, write), for a kernel whose loads and stores are all built. */
export function inPlacePairs(
  builder: KernelBuilder,
  stores: readonly StoreTo[],
  expressions: readonly Expression[],
  placeOf: PlaceOf,
): Call['inPlace'] {
  const own = new Set(stores.filter(x => placeOf(x.value) === x.place).map(x => x.value))
  const readings: Reading[] = []
  for (const { leaves } of expressions)
    for (let i = 0; i < leaves.length; i++)
      if (!own.has(leaves[i]!.variable)) addReading(readings, leaves[i]!, builder, placeOf)
  const pointwise = readings.filter(reading => reading.pointwise)
  return stores.flatMap(({ place }) => {
    const written = builder.position(place)!
    return pointwise.flatMap(({ position, places }) =>
      places.every(source => sameLayout(source, place)) ? [[position, written] as const] : [],
    )
  })
}

function addReading(
  readings: Reading[],
  { variable, pointwise }: Leaf,
  builder: KernelBuilder,
  placeOf: PlaceOf,
): void {
  const place = placeOf(variable)!
  const position = builder.position(place)
  if (position === null) return
  const known = readings.find(reading => reading.position === position)
  if (known === undefined) readings.push({ position, places: [place], pointwise })
  else {
    known.places.push(place)
    known.pointwise &&= pointwise
  }
}

function sameLayout(a: Place, b: Place): boolean {
  return a.ref.buffer.dtype === b.ref.buffer.dtype && equalShape(a.strides, b.strides)
}
