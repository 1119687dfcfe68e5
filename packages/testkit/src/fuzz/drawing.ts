/**
 * A program while it is drawn: the lines so far, and what is known of the value of each.
 *
 * Random programs disagree for two reasons that are no bugs: rounding, where a result amplifies it (near poles and
 * where nearly equal numbers are subtracted), and functions with steps, where rounding decides on which side of a step
 * a value falls. Both are excluded by construction, not by tolerances:
 *
 *   - Of each value the interval in which it lies is known. What an operation needs (log: not near 0; exp: not large)
 *     is an interval too; an operand that may lie outside is brought inside first, by a line of its own (`within`).
 *   - Of each value it is known whether it is *exact*: the same bits however it is computed, because it was only moved
 *     (views, gathers, selections) or made of small whole numbers. Only exact values go into functions with steps:
 *     rounding, comparisons, argmax, sorting, conversion to integers.
 *
 * So never drawn: infinities, NaN, numbers close to overflow (the tests of single operations have those), comparisons of
 * computed reals. `judge.ts` says what is done about the rest.
 */
import {
  type Dim,
  type DimSymbol,
  differentDim,
  equalDim,
  type FamilyKind,
  type Variable,
} from '@arignote/graph'
import { type DType, isFloat } from '@arignote/loops'
import type { Random } from '../rule-property.js'
import { Environment, leafOf, valueOfSource } from './build.js'
import type { Arg, Id, Line, Program, Scan, Source } from './program.js'
import { rangeOf } from './ranges.js'
import type { Row } from './row.js'
import { sizesIn } from './sizes.js'

/** What is known of a value. */
export interface Facts {
  readonly low: number
  readonly high: number
  readonly exact: boolean
  /** Whole numbers, small enough that sums and products of a few stay exact. */
  readonly whole: boolean
}

export interface Known extends Facts {
  readonly id: Id
  readonly variable: Variable
}

/** Greatest magnitude of whole numbers that count as exact, also as float32. */
const mostWhole = 2 ** 21
const mostElements = 3000
const mostLeaves = 8
const mostAttempts = 10

/** The operation cannot be drawn here after all. */
export class NotHere extends Error {}

export class Drawing {
  readonly environment = new Environment()
  readonly sources: Source[] = []
  /** Of the block that is drawn at the moment. */
  lines: Line[] = []
  /** What may be used: leaves first, then by age. */
  readonly #leaves: Known[] = []
  #values: Known[] = []
  /** Inputs that are sizes, with their values in both calls. */
  readonly #sizeLeaves = new Map<Variable, readonly [number, number]>()
  /** How many scans there are around. */
  depth = 0
  /** The family that operands should come from, where there is one. */
  preferred: FamilyKind | null = null
  #ids = 0
  /** Set where the library refused a line: the program ends with it. */
  refused: Id | null = null

  constructor(
    readonly random: Random,
    readonly sizes: Program['sizes'],
    /** Of leaves and casts. */
    readonly floats: readonly DType[],
    /** Draws one operation, of all or of these; NotHere if it does not work out. */
    private readonly drawOne: (d: Drawing, among: readonly Row[] | null) => void,
  ) {}

  // ── choices ─────────────────────────────────────────────────────────────────────────────────

  below(n: number): number {
    return Math.floor(this.random() * n)
  }

  chance(p: number): boolean {
    return this.random() < p
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new NotHere()
    return list[this.below(list.length)]!
  }

  /** One that holds; recent ones and those of the preferred family rather than others. */
  find(holds: (k: Known) => boolean): Known {
    const fitting = this.known().filter(holds)
    const preferred = fitting.filter(k => familyOf(k.variable) === this.preferred)
    const list = preferred.length > 0 && this.chance(0.8) ? preferred : fitting
    if (list.length === 0) throw new NotHere()
    return this.chance(0.6) ? list[list.length - 1 - this.below(Math.min(4, list.length))]! : this.pick(list)
  }

  /** A float of moderate size; now and then an integer made one. */
  float(holds: (k: Known) => boolean = () => true): Known {
    const any = this.chance(0.2)
    const k = this.find(v => (any || isFloating(v)) && holds(v))
    return this.moderate(isFloating(k) ? k : this.cast(k, this.pick(this.floats)))
  }

  /** The same bits however it is computed; a new leaf where there is none. */
  exact(holds: (k: Known) => boolean): Known {
    try {
      return this.find(k => k.exact && holds(k))
    } catch (error) {
      if (!(error instanceof NotHere)) throw error
      const leaf = this.leaf({ dtype: this.pick(this.floats), shape: [2 + this.below(3), 1 + this.below(4)] })
      if (!holds(leaf)) throw error
      return leaf
    }
  }

  /** Indices below the greatest number that is always below n. */
  indices(n: Dim, holds: (k: Known) => boolean = () => true): Known {
    const [least] = this.sizesOf(n)
    if (least === 0) throw new NotHere()
    const isInteger = (v: Known) => v.variable.dtype === 'int32' || v.variable.dtype === 'uint8'
    if (this.chance(0.6) && this.known().some(v => isInteger(v) && holds(v))) {
      const k = this.find(v => isInteger(v) && holds(v))
      return k.low >= 0 && k.high < least ? k : this.remainder(k, least)
    }
    const shape = this.pick([[], [3], [2, 2], [5], [this.symbol() ?? 4]])
    const ids = this.leaf({
      dtype: this.pick<DType>(['int32', 'int32', 'uint8']),
      shape,
      low: 0,
      high: least - 1,
    })
    if (!holds(ids)) throw new NotHere()
    return ids
  }

  remainder(k: Known, n: number): Known {
    return this.call('mod', [ref(k), n], { low: 0, high: n - 1, exact: true, whole: true })
  }

  symbol(): string | null {
    const names = Object.keys(this.sizes).filter(name => Math.min(...this.sizes[name]!) > 0)
    return names.length === 0 ? null : this.pick(names)
  }

  // ── sizes ───────────────────────────────────────────────────────────────────────────────────

  /** The least and the greatest that the size is, in both calls. */
  sizesOf(dim: Dim): readonly [number, number] {
    const boundTo = ({ name, source }: DimSymbol) =>
      source === null ? this.sizes[name ?? ''] : this.#sizeLeaves.get(source as Variable)
    const found = ([0, 1] as const).flatMap(call => {
      const values = sizesIn(dim, symbol => boundTo(symbol)?.[call] ?? 0)
      if (values === null) throw new NotHere()
      return values
    })
    return [Math.min(...found), Math.max(...found)]
  }

  /** Whether it has elements in both calls. */
  hasElements({ variable }: Known, axes = variable.shape.map((_, i) => i)): boolean {
    return axes.every(axis => this.sizesOf(variable.shape[axis]!)[0] > 0)
  }

  /** A size as users may give it: one of the numbers, or the value of an input. */
  someSize(...numbers: readonly number[]): Arg {
    return this.#someSize(numbers, 0)
  }

  /** The same, where nothing is no size. */
  positiveSize(...numbers: readonly number[]): Arg {
    return this.#someSize(numbers, 1)
  }

  #someSize(numbers: readonly number[], least: number): Arg {
    if (!this.chance(0.2)) return this.pick(numbers)
    const isKnown = (k: Known) => (this.#sizeLeaves.get(k.variable) ?? [-1]).every(n => n >= least)
    const known = this.#leaves.filter(isKnown)
    if (known.length > 0 && this.chance(0.6)) return ref(this.pick(known))
    const low = least > 0 || this.chance(0.7) ? 1 : 0
    const leaf = this.leaf({ dtype: 'int32', shape: [], low, high: 4 })
    const source = this.sources.at(-1)!
    const value = (call: number) => (valueOfSource(source, this.sizes, call).data as Int32Array)[0]!
    this.#sizeLeaves.set(leaf.variable, [value(0), value(1)])
    return ref(leaf)
  }

  elements({ variable }: { readonly variable: Variable }): number {
    return variable.shape.reduce<number>((n, dim) => n * this.sizesOf(dim)[1], 1)
  }

  /** A size as an argument: a number, or that of an axis of a value. */
  size({ id, variable }: Known, axis: number): Arg {
    const n = variable.shape[axis]!
    return typeof n === 'number' ? n : { size: id, axis }
  }

  // ── lines ───────────────────────────────────────────────────────────────────────────────────

  known(): readonly Known[] {
    return [...this.#leaves, ...this.#values]
  }

  id(): Id {
    return this.#ids++
  }

  /** A new input; in a step of a scan too, as something it closes over. */
  leaf(wanted: Partial<Omit<Source, 'id'>> & Pick<Source, 'dtype' | 'shape'>): Known {
    const { dtype } = wanted
    if (this.sources.length >= mostLeaves && wanted.low === undefined) throw new NotHere()
    const whole = !isFloat(dtype) || (wanted.whole ?? this.chance(0.3))
    const defaults = { bool: [0, 1], uint8: [0, 200], int32: [-9, 9], float32: [-2, 2], float64: [-2, 2] }
    // Now and then all there are: sums of those wrap.
    const wide = { uint8: [0, 255], int32: [-(2 ** 31), 2 ** 31 - 1] }
    const isWide = (dtype === 'int32' || dtype === 'uint8') && this.chance(0.2)
    const [low, high] = (isWide ? wide[dtype] : defaults[dtype]) as [number, number]
    const source: Source = {
      id: this.id(),
      kind: 'input',
      seed: this.below(1e6),
      low,
      high,
      ...wanted,
      whole,
    }
    this.sources.push(source)
    const variable = leafOf(source, this.sizes)
    this.environment.values.set(source.id, variable)
    // What is updated goes on from call to call: of floats the interval is known, of integers that they are exact.
    const exact = source.kind === 'input' || !isFloat(dtype)
    const interval =
      source.kind === 'input' || isFloat(dtype) ? { low: source.low, high: source.high } : clamped({}, dtype)
    const small = Math.max(Math.abs(interval.low ?? 0), Math.abs(interval.high ?? 0)) <= mostWhole
    const k = { low: 0, high: 0, ...interval, id: source.id, variable, exact, whole: exact && whole && small }
    this.#leaves.push(k)
    return k
  }

  /**
   * A new line. Facts that are left out: the interval is that of the function over the operands' intervals.
   * @throws NotHere if the value would be too large
   */
  call(fn: string, args: readonly Arg[], facts: Partial<Facts> = {}, element?: number | string): Known {
    const line = {
      kind: 'call',
      id: this.id(),
      fn,
      args,
      ...(element === undefined ? {} : { element }),
    } as const
    let variable: Variable
    try {
      variable = this.environment.call(line)
    } catch (error) {
      this.lines.push(line)
      this.refused = line.id
      throw error
    }
    if (this.elements({ variable }) > mostElements) throw new NotHere()
    this.environment.values.set(line.id, variable)
    this.lines.push(line)
    return this.add(line.id, variable, facts)
  }

  add(id: Id, variable: Variable, facts: Partial<Facts>): Known {
    const { low = -100, high = 100, exact = false, whole = false } = clamped(facts, variable.dtype)
    const small = Math.max(Math.abs(low), Math.abs(high)) <= mostWhole
    const isWhole = (whole && exact) || !isFloat(variable.dtype)
    const k = {
      id,
      variable,
      low,
      high,
      exact: exact && (small || !isWhole || !isFloat(variable.dtype)),
      whole: isWhole && small,
    }
    this.#values.push(k)
    return k
  }

  /** Draws the step of a scan: `body` sees its parameters, and nothing of it is seen afterwards. */
  inside<T>(body: () => T): { readonly result: T; readonly lines: readonly Line[] } {
    const [lines, values] = [this.lines, this.#values]
    this.lines = []
    this.#values = [...values]
    this.depth++
    try {
      return { result: body(), lines: this.lines }
    } finally {
      this.lines = lines
      this.#values = values
      this.depth--
    }
  }

  scan(scan: Scan): void {
    this.lines.push(scan)
  }

  drawLines(count: number, among: readonly Row[] | null = null): void {
    for (let i = 0; i < count; i++) {
      for (let attempt = 0; attempt < mostAttempts; attempt++) {
        try {
          this.drawOne(this, among)
          break
        } catch (error) {
          if (!(error instanceof NotHere)) throw error
        }
      }
    }
  }

  // ── operands made to fit ────────────────────────────────────────────────────────────────────

  /** The value if it lies in the interval, else one made of it that does. */
  within(k: Known, low: number, high: number): Known {
    if (k.low >= low && k.high <= high) return k
    const [radius, middle] = [(high - low) / 2, (high + low) / 2]
    const small = Math.max(Math.abs(k.low), Math.abs(k.high)) <= 20
    if (small && low >= 0 && k.high ** 2 + low < high && k.low ** 2 + low < high && this.chance(0.5))
      return this.call('add', [ref(this.map(this.pick(['square', 'abs']), k)), Math.ceil(low * 20) / 20])
    const unit = this.map(this.pick(small ? ['tanh', 'sin', 'softsign', 'cos'] : ['tanh', 'softsign']), k)
    const scaled = radius === 1 ? unit : this.call('mul', [ref(unit), Math.min(radius, 10) * 0.99])
    return middle === 0 || radius > 10 ? scaled : this.call('add', [ref(scaled), middle])
  }

  moderate(k: Known): Known {
    return k.low >= -1000 && k.high <= 1000 ? k : this.within(k, -2, 2)
  }

  /** A function of one operand, with the interval that it has over the operand's. */
  map(fn: string, k: Known, facts: Partial<Facts> = {}): Known {
    const [low, high] = rangeOf(fn, [[k.low, k.high]], { whole: facts.whole ?? false })
    return this.call(fn, [ref(k)], { low, high, ...facts })
  }

  /** Floats as integers, and so on: without a step only of what is exact. */
  cast(k: Known, dtype: DType): Known {
    if (k.variable.dtype === dtype) return k
    if (!isFloat(dtype) && !k.exact) throw new NotHere()
    const facts =
      dtype === 'bool' ? { low: 0, high: 1, whole: true } : { low: k.low, high: k.high, whole: k.whole }
    return this.call('cast', [ref(k), dtype], { ...facts, exact: k.exact })
  }
}

/** Integers wrap, so an interval beyond theirs says nothing. */
function clamped(facts: Partial<Facts>, dtype: DType): Partial<Facts> {
  const limits = { bool: [0, 1], uint8: [0, 255], int32: [-(2 ** 31), 2 ** 31 - 1] }
  if (isFloat(dtype)) return facts
  const [least, most] = limits[dtype as 'bool'] as [number, number]
  const { low = least, high = most } = facts
  const inside = low >= least && high <= most
  return { low: inside ? low : least, high: inside ? high : most, exact: true, whole: true }
}

export const ref = (k: Known): Arg => ({ ref: k.id })

export const familyOf = (v: Variable): FamilyKind | null => v.owner?.op.family.kind ?? null

export const isFloating = (k: Known) => isFloat(k.variable.dtype)

/** What becomes of values that are only moved. */
export const moved = (...operands: readonly Known[]): Facts => ({
  low: Math.min(...operands.map(k => k.low)),
  high: Math.max(...operands.map(k => k.high)),
  exact: operands.every(k => k.exact),
  whole: operands.every(k => k.whole),
})

/** Whether the shapes broadcast, for certain. */
export function broadcasts(a: readonly Dim[], b: readonly Dim[]): boolean {
  const ndim = Math.max(a.length, b.length)
  return Array.from({ length: ndim }, (_, i) => [a.at(-1 - i) ?? 1, b.at(-1 - i) ?? 1] as const).every(
    ([n, m]) => n === 1 || m === 1 || equalDim(n, m),
  )
}

export const sameShape = (a: readonly Dim[], b: readonly Dim[]) =>
  a.length === b.length && a.every((n, i) => equalDim(n, b[i]!))

export const maybeEqual = (a: Dim, b: Dim) => !differentDim(a, b)
