/**
 * A seed  →  a random program: leaves, lines drawn one after the other, what is asked for, updates.
 */
import type { FamilyKind } from '@arignote/graph'
import type { DType } from '@arignote/loops'
import { type Random, randomOf } from '../rule-property.js'
import { Drawing, isFloating, type Known, NotHere, ref, sameShape } from './drawing.js'
import { producers } from './families.js'
import { type Id, madeBy, type Program, readBy, withoutDead } from './program.js'
import type { Row } from './row.js'
import { groups } from './rows.js'
import { branches, effects } from './rows-control.js'
import { gradients } from './rows-gradient.js'
import { gathers, products, scatters, sources } from './rows-index.js'
import { reductions } from './rows-reduce.js'
import { routines } from './rows-routine.js'

/** Of families that seldom stand there by chance: what makes one. */
const makersOf: Partial<Record<FamilyKind, readonly Row[]>> = {
  constant: sources.filter(row => row.name === 'constant'),
  source: sources.filter(row => row.name === 'iota' || row.name === 'dim'),
  reduce: reductions,
  contract: products,
  gather: gathers,
  scatter: scatters,
  routine: routines,
  branch: branches,
  effect: effects,
}

const smallSizes = [1, 1, 2, 2, 3, 3, 4, 5, 8]
/** More than a vector register, a tile, a panel; and some more. */
const largeSizes = [1, 3, 5, 7, 9, 12, 16, 17, 21]
/**
 * What one program draws from: as often as not all there is, else a few rows of a few groups, so that they meet more often
 * ("swarm testing").
 */
function turnsOf(random: Random): readonly (readonly Row[])[] {
  const whole = random() < 0.5
  const some = <T>(list: readonly T[], p: number) => {
    const kept = whole ? list : list.filter(() => random() < p)
    return kept.length > 0 ? kept : list
  }
  return some(groups, 0.4).flatMap(([weight, rows]) => {
    const own = some(rows, 0.5)
    return Array.from({ length: weight }, () => own)
  })
}

/** Operations take turns, and so do the families that their operands should come from. */
function drawOne(d: Drawing, turns: readonly (readonly Row[])[], among: readonly Row[] | null): void {
  if (among !== null) {
    d.pick(among).draw(d)
    return
  }
  const rows = d.pick(turns)
  const wanted = d.chance(0.8) ? d.pick(producers) : null
  const makers = makersOf[wanted ?? 'map']
  d.preferred = null
  if (makers !== undefined && d.chance(0.7)) d.pick(makers).draw(d)
  d.preferred = wanted
  d.pick(rows).draw(d)
}

export function programOf(seed: number): Program {
  const random = randomOf(seed)
  const chance = (p: number) => random() < p
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const bound = (): readonly [number, number] =>
    one([
      [3, 5],
      [4, 1],
      [1, 3],
      [2, 8],
      [5, 17],
      [3, 3],
      [6, 0],
      [0, 2],
    ] as const)
  const named: Record<string, readonly [number, number]> = {}
  if (chance(0.5)) named.n = bound()
  if (chance(0.2)) named.m = bound()
  const floats = one<readonly DType[]>([
    ['float32'],
    ['float32'],
    ['float64'],
    ['float64'],
    ['float32', 'float64'],
  ])
  const turns = turnsOf(random)
  const d = new Drawing(random, named, floats, (drawing, among) => drawOne(drawing, turns, among))
  leaves(d)
  try {
    d.drawLines(d.chance(0.7) ? 1 + d.below(6) : 6 + d.below(10))
    // Gradients of all of it, now and then of gradients, and what is made of them.
    for (let p = 0.5; d.chance(p); p /= 2) d.drawLines(1, gradients)
    d.drawLines(d.below(2))
    if (d.chance(0.5)) update(d)
  } catch (error) {
    // A line that the library refuses is a finding; inside of a step there is no line to show.
    if (d.refused === null || !d.lines.some(line => line.id === d.refused)) throw error
  }
  return finished(d)
}

function leaves(d: Drawing): void {
  const names = Object.keys(d.sizes)
  const sizes = d.chance(0.25) ? largeSizes : smallSizes
  const axis = () => {
    if (names.length > 0 && d.chance(0.4)) return d.pick(names)
    return d.chance(0.03) ? 0 : d.chance(0.04) ? 33 : d.pick(sizes)
  }
  const shape = () => Array.from({ length: d.pick([0, 1, 1, 2, 2, 2, 3]) }, axis)
  d.leaf({ dtype: d.pick(d.floats), shape: shape() })
  d.leaf({ dtype: d.pick(d.floats), shape: shape() })
  for (let i = d.below(3); i > 0; i--)
    d.leaf({ dtype: d.pick<DType>([...d.floats, 'int32', 'uint8', 'bool']), shape: shape() })
  for (let i = d.pick([0, 0, 1, 2]); i > 0; i--) {
    const fixed = shape().map(n => (typeof n === 'string' ? 3 : n))
    d.leaf({ kind: 'shared', dtype: d.pick<DType>([...d.floats, 'int32']), shape: fixed })
  }
}

const updates = new WeakMap<Drawing, Program['updates'][number][]>()

/** New values of shared variables, inside of the interval that they had at the beginning. */
function update(d: Drawing): void {
  const list: Program['updates'][number][] = []
  updates.set(d, list)
  for (const { id, kind } of [...d.sources]) {
    if (kind !== 'shared' || d.chance(0.2)) continue
    const shared = d.known().find(k => k.id === id)!
    const fits = (k: Known) =>
      k.variable.dtype === shared.variable.dtype &&
      sameShape(k.variable.shape, shared.variable.shape) &&
      k !== shared
    try {
      const k = d.known().some(fits)
        ? d.find(fits)
        : d.call('mul', [ref(shared), isFloating(shared) ? 0.5 : 3], shared)
      list.push({ shared: id, value: isFloating(k) ? d.within(k, shared.low, shared.high).id : k.id })
    } catch (error) {
      if (!(error instanceof NotHere)) throw error
    }
  }
}

/** Asks for what nobody reads, and for some of the rest. */
function finished(d: Drawing): Program {
  const read = new Set(d.lines.flatMap(readBy))
  const made = d.lines.flatMap(madeBy)
  const ends = made.filter(id => !read.has(id)).slice(-6)
  const between = made.filter(id => read.has(id) && d.chance(0.1)).slice(0, 3)
  const extra: readonly Id[] = d.chance(0.1) ? [d.pick(d.sources).id] : d.chance(0.05) ? ends.slice(0, 1) : []
  const outputs = [...ends, ...between, ...extra]
  const program: Program = {
    sizes: d.sizes,
    sources: d.sources,
    lines: d.lines,
    outputs: outputs.length === 0 ? [d.sources[0]!.id] : outputs,
    updates: d.refused === null ? (updates.get(d) ?? []) : [],
    calls: d.pick([1, 2, 3]),
  }
  return withoutDead(program)
}
