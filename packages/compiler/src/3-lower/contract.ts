/**
 * Contractions as register tiles: `rows` accumulators of a few vectors each, a serial loop over the sum inside.
 *
 *        columns →                     for a block of rows
 *   rows ┌───────────┐                   for a panel of columns of b
 *     ↓  │ acc  acc  │                     for a tile of rows
 *        │ acc  acc  │                       lanes along the panel's columns
 *        └───────────┘                         for k: acc[r] += a[r, k] · b[k, column]
 *
 * The panel stays in the first cache while the tiles of rows go by; a row block keeps `a` in the second.
 */
import type { Apply } from '@arignote/graph'
import { equalDim, productDim } from '@arignote/graph'
import { type Axis, type BufferParam, type Scalar, type Statement, s, scalarType } from '@arignote/loops'
import { expressionOf, type PlaceOf } from '../expression.js'
import type { Call, ContractionAxis, ContractionForm, StoreTo } from '../program.js'
import { KernelBuilder, lanes, type Range, range, serial } from './builder.js'
import { inPlacePairs } from './in-place.js'
import { work } from './pack.js'
import { type Index, indexOf, Values } from './value.js'

/** Rows of `a` that are worked on together: with a few hundred columns of sums they fit the second cache. */
const rowBlock = 120

export function lowerContract(
  name: string,
  node: Apply,
  store: StoreTo,
  form: ContractionForm,
  placeOf: PlaceOf,
): Call {
  const builder = new KernelBuilder(name)
  const kernel = new ContractionKernel(builder, node, store, form, placeOf)
  const { body, range: outer } = form.mode === 'dot' ? dotLoops(kernel) : tileLoops(kernel)
  const expression = expressionOf(placeOf, store.value, true)
  return builder.finish(body, outer, inPlacePairs(builder, [store], [expression], placeOf))
}

interface Nest {
  readonly body: readonly Statement[]
  readonly range: Range | null
}

/** An axis of the result, and where it is: the row or the column of a sum, or a loop around both. */
interface OutAxis {
  readonly axis: ContractionAxis
  readonly at: Scalar | 'row' | 'column'
}

/** The parts that both modes share: addresses of the operands, and what is done with a finished sum. */
class ContractionKernel {
  readonly loopAxes: readonly Axis[]
  private readonly outAxes: readonly OutAxis[]
  private readonly outGroups: Index['groups']
  private readonly sumBlockAxis: Axis
  private readonly aBuffer: BufferParam
  private readonly bBuffer: BufferParam
  private readonly outBuffer: BufferParam
  private readonly values: Values
  readonly type: ReturnType<typeof scalarType>

  constructor(
    readonly builder: KernelBuilder,
    readonly node: Apply,
    readonly store: StoreTo,
    readonly form: ContractionForm,
    placeOf: PlaceOf,
  ) {
    this.outBuffer = builder.buffer(store.place, form.sumBlock === null ? 'write' : 'readwrite')
    this.sumBlockAxis = builder.axis('block')
    this.aBuffer = builder.buffer(form.a, 'read')
    this.bBuffer = builder.buffer(form.panels?.place ?? form.b, 'read')
    this.loopAxes = form.loops.map(() => builder.axis('l'))
    this.values = new Values(builder, placeOf, new Set([store.value]))
    this.type = scalarType(node.outputs[0]!.dtype)
    this.outAxes = this.axesOfOut()
    const groups = this.outAxes.map(x => x.axis.merged)
    this.outGroups = groups.every(group => group.length === 1) ? null : groups
  }

  a(row: Scalar, sums: readonly Scalar[]): Scalar {
    const { loops, sums: axes, row: rows } = this.form
    const outer = this.builder.linear(
      this.loopAxes.map(s.axis),
      loops.map(x => x.a),
    )
    const inner = this.builder.linear(
      sums,
      axes.map(x => x.a),
    )
    return s.load(this.aBuffer, s.add(s.add(outer, s.mul(row, this.builder.size(rows.a))), inner))
  }

  /** `first` is the first column of the panel, `within` the column inside it. */
  b(first: Scalar, within: Scalar, sums: readonly Scalar[]): Scalar {
    const { panels, loops, sums: axes, column } = this.form
    const { builder } = this
    if (panels === null) {
      const outer = builder.linear(
        this.loopAxes.map(s.axis),
        loops.map(x => x.b),
      )
      const inner = builder.linear(
        sums,
        axes.map(x => x.b),
      )
      return s.load(
        this.bBuffer,
        s.add(s.add(outer, s.mul(s.add(first, within), builder.size(column.b))), inner),
      )
    }
    const own = loops.flatMap((x, i) => (equalDim(x.b, 0) ? [] : [s.axis(this.loopAxes[i]!)]))
    const outer = builder.linear(own, panels.place.strides)
    const length = builder.size(productDim(axes.map(x => x.extent)))
    const flat = axes.reduce((sum, x, i) => s.add(s.mul(sum, builder.size(x.extent)), sums[i]!), s.int(0))
    return s.load(
      this.bBuffer,
      s.add(s.add(outer, s.mul(first, length)), s.add(s.mul(flat, panels.columns), within)),
    )
  }

  multiplyAdd(x: Scalar, y: Scalar, sum: Scalar): Scalar {
    return this.type === 'float32' || this.type === 'float64' ? s.mulAdd(x, y, sum) : s.add(sum, s.mul(x, y))
  }

  /** Stores what the epilogue makes of a finished sum. */
  finish(sum: Scalar, row: Scalar, column: Scalar): readonly Statement[] {
    const index = this.outIndex(row, column)
    this.values.set(this.node.outputs[0]!, index, sum)
    const value = s.cast(this.values.at(this.store.value, index), this.store.place.ref.buffer.dtype)
    return [
      { kind: 'store', buffer: this.outBuffer, index: this.values.offset(this.store.place, index), value },
    ]
  }

  private outIndex(row: Scalar, column: Scalar): Index {
    return indexOf(
      this.outAxes.map(({ at }) => (at === 'row' ? row : at === 'column' ? column : at)),
      this.outGroups,
    )
  }

  private axesOfOut(): readonly OutAxis[] {
    const { loops, row, column } = this.form
    const axes: OutAxis[] = [
      ...loops.map((axis, i) => ({ axis, at: s.axis(this.loopAxes[i]!) })),
      { axis: row, at: 'row' },
      { axis: column, at: 'column' },
    ]
    return axes.filter(x => x.axis.merged.length > 0).sort((x, y) => x.axis.merged[0]! - y.axis.merged[0]!)
  }

  /** Loops over the sums, the last innermost; of the first only the present block. */
  overSums(body: (sums: readonly Scalar[]) => readonly Statement[]): readonly Statement[] {
    const { sums, sumBlock } = this.form
    const axes = sums.map(() => this.builder.axis('k'))
    return sums.reduceRight<readonly Statement[]>(
      (inner, sum, i) => {
        const end = this.builder.size(sum.extent)
        if (i > 0 || sumBlock === null) return [serial(axes[i]!, s.int(0), end, inner)]
        const first = s.axis(this.sumBlockAxis)
        return [serial(axes[i]!, first, s.min(s.add(first, sumBlock), end), inner)]
      },
      body(axes.map(s.axis)),
    )
  }

  /** The loop over blocks of the first sum, if there are any. */
  overSumBlocks(body: readonly Statement[]): readonly Statement[] {
    const { sums, sumBlock } = this.form
    if (sumBlock === null) return body
    return [serial(this.sumBlockAxis, s.int(0), this.builder.size(sums[0]!.extent), body, sumBlock)]
  }

  /** What a sum starts from: nothing, or what the blocks before left in the result. */
  start(row: Scalar, column: Scalar): Scalar {
    const zero = s.const(this.type, 0)
    if (this.form.sumBlock === null) return zero
    const { place } = this.store
    const before = s.load(this.outBuffer, this.values.offset(place, this.outIndex(row, column)))
    return s.select(s.eq(s.axis(this.sumBlockAxis), 0), zero, before)
  }

  /** Loops that neither operand shares with the tile, around it. */
  overLoops(body: readonly Statement[]): readonly Statement[] {
    return this.form.loops.reduceRight<readonly Statement[]>(
      (inner, loop, i) => [serial(this.loopAxes[i]!, s.int(0), this.builder.size(loop.extent), inner)],
      body,
    )
  }
}

/** Every result on its own, lanes along the last sum. */
function dotLoops(kernel: ContractionKernel): Nest {
  const { builder, form } = kernel
  const row = builder.axis('i')
  const column = builder.axis('j')
  const accumulator = builder.register('acc', kernel.type)
  const zero = s.const(kernel.type, 0)
  const sum = s.register(accumulator)
  const axes = form.sums.map(() => builder.axis('k'))
  const at = axes.map(s.axis)
  const next = kernel.multiplyAdd(kernel.a(s.axis(row), at), kernel.b(s.int(0), s.axis(column), at), sum)
  const other = builder.register('other', kernel.type)
  const fold = {
    registers: [accumulator],
    identity: [zero],
    others: [other],
    combine: [s.add(sum, s.register(other))],
  }
  let loops: readonly Statement[] = [{ kind: 'assign', register: accumulator, value: next }]
  for (let i = axes.length - 1; i >= 0; i--) {
    const end = builder.size(form.sums[i]!.extent)
    const isLast = i === axes.length - 1
    loops = [
      isLast ? lanes(axes[i]!, s.int(0), end, 4, loops, [fold]) : serial(axes[i]!, s.int(0), end, loops),
    ]
  }
  const tile: readonly Statement[] = [
    { kind: 'declare', register: accumulator, value: zero },
    ...loops,
    ...kernel.finish(sum, s.axis(row), s.axis(column)),
  ]
  const outer = range(form.row.extent, 1, work([...form.sums, form.column]))
  const columns = serial(column, s.int(0), builder.size(form.column.extent), tile)
  return {
    body: [serial(row, s.size(outer.begin), s.size(outer.end), kernel.overLoops([columns]))],
    range: outer,
  }
}

function tileLoops(kernel: ContractionKernel): Nest {
  const { builder, form } = kernel
  const { extent: rows } = form.row
  const panel = form.panels?.columns ?? form.tileVectors * widestVector
  const few = typeof rows === 'number' && rows <= 2 * rowBlock
  const outer = few
    ? range(form.column.extent, panel, work([...form.loops, form.row, ...form.sums]))
    : range(rows, rowBlock, work([...form.loops, form.column, ...form.sums]))
  const block = few ? null : builder.axis('block')
  const firstRow = block === null ? s.int(0) : s.axis(block)
  const endRow = block === null ? s.int(rows as number) : s.min(s.add(firstRow, rowBlock), s.size(outer.end))
  const first = builder.axis('panel')
  const [begin, end] = few
    ? [s.size(outer.begin), s.size(outer.end)]
    : [s.int(0), builder.size(form.column.extent)]
  const tiles = rowTiles(kernel, s.axis(first), panel, firstRow, endRow)
  if (block === null)
    return {
      body: [serial(first, begin, end, kernel.overSumBlocks(kernel.overLoops(tiles)), panel)],
      range: outer,
    }
  const panels = kernel.overSumBlocks(kernel.overLoops([serial(first, begin, end, tiles, panel)]))
  return { body: [serial(block, s.size(outer.begin), s.size(outer.end), panels, rowBlock)], range: outer }
}

/** Columns of a tile that reads `b` where it lies are counted in vectors of the narrowest lanes there are. */
const widestVector = 4

/** Full tiles of rows, then the remaining rows one by one. */
function rowTiles(
  kernel: ContractionKernel,
  first: Scalar,
  panel: number,
  begin: Scalar,
  end: Scalar,
): readonly Statement[] {
  const { builder, form } = kernel
  const { tileRows } = form
  const row = builder.axis('i')
  if (tileRows === 1) return [serial(row, begin, end, [tile(kernel, first, panel, s.axis(row), 1)])]
  const count = s.mul(s.quot(s.sub(end, begin), tileRows), tileRows)
  const full = s.add(begin, count)
  const tiles = serial(row, begin, full, [tile(kernel, first, panel, s.axis(row), tileRows)], tileRows)
  if (full.kind === 'const' && end.kind === 'const' && full.value === end.value) return [tiles]
  const rest = builder.axis('i')
  return [tiles, serial(rest, full, end, [tile(kernel, first, panel, s.axis(rest), 1)])]
}

/** One register tile: rows × a panel of columns. */
function tile(kernel: ContractionKernel, first: Scalar, panel: number, row: Scalar, rows: number): Statement {
  const { builder, form } = kernel
  const { extent } = form.column
  const whole = typeof extent === 'number' && extent % panel === 0
  const width = whole ? s.int(panel) : s.min(s.int(panel), s.sub(builder.size(extent), first))
  const within = builder.axis('j')
  const accumulators = Array.from({ length: rows }, () => builder.register('acc', kernel.type))
  const body: Statement[] = accumulators.map((register, r) => ({
    kind: 'declare',
    register,
    value: kernel.start(s.add(row, r), s.add(first, s.axis(within))),
  }))
  body.push(
    ...kernel.overSums(sums => {
      const b = builder.register('b', kernel.type)
      return [
        { kind: 'declare', register: b, value: kernel.b(first, s.axis(within), sums) },
        ...accumulators.map((register, r): Statement => {
          const a = kernel.a(s.add(row, r), sums)
          return {
            kind: 'assign',
            register,
            value: kernel.multiplyAdd(a, s.register(b), s.register(register)),
          }
        }),
      ]
    }),
  )
  accumulators.forEach((register, r) => {
    body.push(...kernel.finish(s.register(register), s.add(row, r), s.add(first, s.axis(within))))
  })
  return lanes(within, s.int(0), width, form.tileVectors, body)
}
