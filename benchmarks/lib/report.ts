/** What a benchmark says: a table for people, a JSON file in `results/` for comparing. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { options } from './options.js'
import type { Summary } from './statistics.js'
import type { Workload } from './workload.js'

export interface Row {
  readonly name: string
  readonly peer: boolean
  /** In milliseconds; null for a subject that is only compared with. */
  readonly times: Summary | null
  /** How far its readings are from those of the first row. */
  readonly apart: number
}

/** Compiled to dist/lib, two folders below the benchmarks. */
const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'results')

export function report(workload: Omit<Workload<never>, 'input' | 'subjects'>, rows: readonly Row[]): void {
  const [first] = rows
  const { flop, aims = {}, tolerance } = workload
  console.log(`\n${workload.name}  ${workload.title}\n`)
  printTable(
    ['', 'median ms', 'min ms', 'spread', 'steps', ...(flop ? ['GFLOP/s'] : []), 'ratio'],
    rows.flatMap(({ name, times }) =>
      times === null
        ? []
        : [
            [
              name,
              milliseconds(times.median),
              milliseconds(times.min),
              `${(100 * times.spread).toFixed(0)} %`,
              String(times.count),
              ...(flop ? [(flop / times.median / 1e6).toFixed(1)] : []),
              (times.median / first!.times!.median).toFixed(2),
            ],
          ],
    ),
  )
  for (const { name, apart } of rows.slice(1)) {
    const verdict = apart <= tolerance ? 'the same' : `NOT THE SAME (tolerance ${tolerance})`
    console.log(`  results of ${name}: ${verdict}, ${apart.toExponential(1)} apart`)
  }
  for (const { name, times } of rows) {
    const aim = aims[name]
    if (aim === undefined || times === null) continue
    const ratio = times.median / first!.times!.median
    console.log(`  aim: ${aim} × ${name}; it is ${ratio.toFixed(1)} ×`)
  }
  save(workload.name, { title: workload.title, flop, tolerance, aims, rows })
}

/** Columns as wide as they need be; the first one flush left. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, k) => Math.max(title.length, ...rows.map(row => row[k]!.length)))
  for (const row of [head, ...rows])
    console.log(
      `  ${row.map((text, k) => (k === 0 ? text.padEnd(widths[k]!) : text.padStart(widths[k]! + 2))).join('')}`,
    )
}

/** Three digits, or whole. */
export const milliseconds = (time: number) => (time < 100 ? time.toPrecision(3) : time.toFixed(0))

/** Writes `results/NAME.json`, with the commit and what one must know of the machine. */
export function save(name: string, result: object): void {
  mkdirSync(folder, { recursive: true })
  const machine = {
    date: new Date().toISOString(),
    commit: spawnSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: folder,
      encoding: 'utf8',
    }).stdout?.trim(),
    node: process.version,
    v8: process.versions.v8,
    cpu: cpus()[0]?.model.trim(),
    cores: availableParallelism(),
    load: loadavg()[0],
    quick: options.quick,
  }
  const file = join(folder, `${name.replace(/[^\w.-]+/g, '-')}.json`)
  writeFileSync(file, `${JSON.stringify({ name, machine, ...result }, null, 2)}\n`)
}
