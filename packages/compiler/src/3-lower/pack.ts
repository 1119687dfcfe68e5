/**
 * Packing: an operand of a contraction → panels, in which the columns of one register tile lie together for every term of
 * the sums, so that the inner loop reads memory in order.
 */
import type { Dim } from '@arignote/graph'
import { equalDim, productDim } from '@arignote/graph'
import { type Axis, type Scalar, type Statement, s } from '@arignote/loops'
import type { Call, ContractionAxis, ContractionForm } from '../program.js'
import { KernelBuilder, lanes, range, serial } from './builder.js'

/** Copies `b` into panels; the columns that the last panel has too many are zero. */
export function lowerPack(name: string, form: ContractionForm): Call {
  const builder = new KernelBuilder(name)
  const { b, loops, sums, column } = form
  const { columns, place } = form.panels!
  const target = builder.buffer(place, 'write')
  const source = builder.buffer(b, 'read')
  const own = loops.filter(x => !equalDim(x.b, 0))
  const ownAxes = own.map(() => builder.axis('l'))
  const sumAxes = sums.map(() => builder.axis('k'))
  const panel = builder.axis('panel')
  const outer = range(place.shape[own.length]!, 1, work(sums) * columns)
  const extent = builder.size(column.extent)
  const flat = sums.reduce(
    (sum, x, i) => s.add(s.mul(sum, builder.size(x.extent)), s.axis(sumAxes[i]!)),
    s.int(0),
  )
  const length = builder.size(productDim(sums.map(x => x.extent)))
  const copy = (within: Axis, guarded: boolean): Statement => {
    const at = s.add(s.mul(s.axis(panel), columns), s.axis(within))
    const inside = s.lt(at, extent)
    const safe = guarded ? s.select(inside, at, s.int(0)) : at
    const read = s.load(
      source,
      s.add(
        builder.linear(
          [...ownAxes, ...sumAxes].map(s.axis),
          [...own, ...sums].map(x => x.b),
        ),
        s.mul(safe, builder.size(column.b)),
      ),
    )
    const to = s.add(
      builder.linear(ownAxes.map(s.axis), place.strides),
      s.add(s.mul(s.add(s.mul(s.axis(panel), length), flat), columns), s.axis(within)),
    )
    const value = guarded ? s.select(inside, read, s.const(read.type, 0)) : read
    return { kind: 'store', buffer: target, index: to, value }
  }
  const [full, edge] = [builder.axis('j'), builder.axis('j')]
  const whole = lanes(full, s.int(0), wholeColumns(builder, panel, columns, column.extent), 2, [
    copy(full, false),
  ])
  const rest = serial(edge, wholeColumns(builder, panel, columns, column.extent), s.int(columns), [
    copy(edge, true),
  ])
  let nest: readonly Statement[] =
    typeof column.extent === 'number' && column.extent % columns === 0 ? [whole] : [whole, rest]
  for (let i = sums.length - 1; i >= 0; i--) {
    nest = [serial(sumAxes[i]!, s.int(0), builder.size(sums[i]!.extent), nest)]
  }
  for (let i = own.length - 1; i >= 0; i--)
    nest = [serial(ownAxes[i]!, s.int(0), builder.size(own[i]!.extent), nest)]
  return builder.finish([serial(panel, s.size(outer.begin), s.size(outer.end), nest)], outer)
}

/** How many columns of the panel exist. */
function wholeColumns(builder: KernelBuilder, panel: Axis, columns: number, extent: Dim): Scalar {
  if (typeof extent === 'number' && extent % columns === 0) return s.int(columns)
  return s.min(s.int(columns), s.sub(builder.size(extent), s.mul(s.axis(panel), columns)))
}

/** About how many multiply-adds the loops over some axes do. */
export function work(axes: readonly ContractionAxis[]): number {
  return Math.max(
    1,
    axes.reduce((product, x) => product * (typeof x.extent === 'number' ? x.extent : 64), 1),
  )
}
