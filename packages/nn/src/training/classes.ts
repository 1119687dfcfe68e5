/** Classes out of what a model holds for likely. */
import { type NdArray, ndarrayOf } from '@arignote/graph'
import { sizeOf } from '../size.js'

/** Of each row (…, classes) the place of the greatest, the first of equal ones; of a single column whether it is above ½. */
export function classesOf({ data, shape }: NdArray): NdArray<'int32'> {
  const columns = shape.at(-1)!
  if (columns === 1)
    return ndarrayOf(
      Int32Array.from(data, likely => (likely > 0.5 ? 1 : 0)),
      shape,
    )
  const rows = shape.slice(0, -1)
  const classes = Int32Array.from({ length: sizeOf(rows) }, (_, row) => {
    const of = data.subarray(row * columns, (row + 1) * columns)
    return of.indexOf(Math.max(...of))
  })
  return ndarrayOf(classes, rows)
}
