/**
 * Which of a kernel's results may take the memory of what it reads: every element is read at its own index only, before
 * it is overwritten.
 */
import { equalShape } from '@arignote/graph'
import type { BufferParam } from '@arignote/loops'
import type { Expression, PlaceOf } from '../expression.js'
import type { Call, Place, StoreTo } from '../program.js'
import type { KernelBuilder } from './builder.js'

/** How a parameter is read: by several variables, perhaps, since views of one start share it. */
interface Reading {
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
  const readings = new Map<BufferParam, Reading>()
  for (const { leaves } of expressions) {
    for (const { variable, pointwise } of leaves) {
      if (own.has(variable)) continue
      const place = placeOf(variable)!
      const param = builder.find(place)
      if (param === null) continue
      const reading = readings.get(param)
      if (reading === undefined) readings.set(param, { places: [place], pointwise })
      else {
        reading.places.push(place)
        reading.pointwise &&= pointwise
      }
    }
  }
  const pairs: (readonly [number, number])[] = []
  for (const { place } of stores) {
    const written = builder.position(builder.find(place)!)
    for (const [param, { places, pointwise }] of readings)
      if (pointwise && places.every(source => sameLayout(source, place)))
        pairs.push([builder.position(param), written])
  }
  return pairs
}

function sameLayout(a: Place, b: Place): boolean {
  return a.ref.buffer.dtype === b.ref.buffer.dtype && equalShape(a.strides, b.strides)
}
