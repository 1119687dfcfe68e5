/**
 * What was drawn: ops, by name, and pairs of families, producer and consumer, in graphs as written; rows, as called.
 */
import type { FamilyKind } from '@arignote/graph'
import type { Built } from './build.js'
import { consumers, producers } from './families.js'
import { excludes, type Feature, features, scansWithFeatures } from './features.js'
import { nodesOf } from './judge.js'
import type { Line, Program } from './program.js'
import { gradients } from './rows-gradient.js'

const gradientNames = new Set(gradients.map(row => row.name))

export class Coverage {
  readonly ops = new Map<string, number>()
  readonly pairs = new Map<string, number>()
  readonly rows = new Map<string, number>()
  readonly traits = new Map<string, number>()
  /** Of scans, alone, and with `gradients` and each other. */
  readonly features = new Map<string, number>()

  add(program: Program, built: Built): void {
    for (const node of nodesOf(built)) {
      count(this.ops, node.op.name)
      for (const { owner } of node.inputs)
        if (owner !== null) count(this.pairs, pair(owner.op.family.kind, node.op.family.kind))
    }
    this.#lines(program.lines)
    if (Object.keys(program.sizes).length > 0) count(this.traits, 'symbolic sizes')
    if (Object.values(program.sizes).some(([a, b]) => a !== b)) count(this.traits, 'two bindings')
    if (Object.values(program.sizes).flat().includes(0)) count(this.traits, 'zero sizes')
    if (program.updates.length > 0) count(this.traits, 'updates')
    for (const [own, isDifferentiated] of scansWithFeatures(program)) {
      const together = [...own, ...(isDifferentiated ? (['gradients'] as const) : [])]
      together.forEach((a, i) => {
        count(this.features, a)
        for (const b of together.slice(i + 1)) count(this.features, withBoth(a, b))
      })
    }
    const taken = program.lines.filter(line => line.kind === 'call' && gradientNames.has(line.fn))
    if (taken.length > 0) count(this.traits, 'gradients')
    if (taken.length > 0 && program.lines.some(line => line.kind === 'scan'))
      count(this.traits, 'gradients with scans')
  }

  #lines(lines: readonly Line[]): void {
    for (const line of lines) {
      count(this.rows, line.kind === 'scan' ? 'scan' : line.fn)
      if (line.kind === 'scan') this.#lines(line.lines)
    }
  }

  /** A row per producer, a column per consumer. */
  table(): string {
    const head = ['producer \\ consumer', ...consumers].map((text, i) => text.padStart(i === 0 ? 20 : 9))
    const rows = producers.map(from =>
      [
        from.padStart(20),
        ...consumers.map(to => String(this.pairs.get(pair(from, to)) ?? 0).padStart(9)),
      ].join(''),
    )
    const traits = [...this.traits].map(([name, n]) => `${name} ${n}`).join(', ')
    const scans = features.map(
      a => `  ${a}: ${this.features.get(a) ?? 0}, ${this.features.get(withBoth(a, 'gradients')) ?? 0}`,
    )
    return [
      head.join(''),
      ...rows,
      `${this.ops.size} ops, ${this.rows.size} functions; ${traits}`,
      'scans, and how many of them are differentiated:',
      ...scans,
    ].join('\n')
  }

  missingPairs(): readonly string[] {
    return producers.flatMap(from => consumers.map(to => pair(from, to))).filter(p => !this.pairs.has(p))
  }

  /** Features that no scan was drawn with, and pairs that go together and were not drawn. */
  missingFeatures(): readonly string[] {
    const wanted = features.flatMap((a, i) => [
      a,
      withBoth(a, 'gradients'),
      ...features.slice(i + 1).flatMap(b => (excludes(a, b) ? [] : [withBoth(a, b)])),
    ])
    return wanted.filter(name => !this.features.has(name))
  }
}

type Together = Feature | 'gradients'

const withBoth = (a: Together, b: Together) => `${a} & ${b}`

const pair = (from: FamilyKind, to: FamilyKind) => `${from} → ${to}`

const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)
