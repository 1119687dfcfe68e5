/** Classes out of what a model holds for likely. */
import { type NdArray, ndarrayOf } from '@arignote/graph'
import type { TypedArray } from '@arignote/loops'
import { sizeOf } from '../size.js'

/** Where the greatest number is, the first of equal ones; of a NaN, if there is one. However many there are. */
export function placeOfGreatest(row: TypedArray): number {
  let place = 0
  for (let k = 0; k < row.length; k++) {
    if (Number.isNaN(row[k])) return k
    if (row[k]! > row[place]!) place = k
  }
  return place
}

/** Of each row (…, classes) the place of the greatest, the first of equal ones; of a single column whether it is above ½. */
export function classesOf({ data, shape }: NdArray): NdArray<'int32'> {
  const columns = shape.at(-1)!
  if (columns === 1)
    return ndarrayOf(
      Int32Array.from(data, likely => (likely > 0.5 ? 1 : 0)),
      shape,
    )
  const rows = shape.slice(0, -1)
  const classes = Int32Array.from({ length: sizeOf(rows) }, (_, row) =>
    placeOfGreatest(data.subarray(row * columns, (row + 1) * columns)),
  )
  return ndarrayOf(classes, rows)
}
