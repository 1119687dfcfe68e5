/** What came of comparing cells, as tables and charts. */
import { draw } from './terminal.js'

/** What can be said of a cell without measuring. */
export interface About {
  readonly name: string
  readonly gates: number
  /** Whether there is one: numbers that gates change, and no product. */
  readonly memory: string
  readonly bestFor: string
}

/** What came of one cell and one task. */
export interface Learned {
  readonly losses: readonly number[]
  /** After how many steps it could do the task; null: after none. */
  readonly solvedAfter: number | null
  /** The mean squared error of the sum; the share of the symbols that are right; of examples never seen. */
  readonly result: number
  readonly weights: number
  /** Milliseconds per change of the weights. */
  readonly milliseconds: number
  /** The norm of the gradient of the loss by the state so many steps before the end: before, and after the training. */
  readonly feltBefore: readonly number[]
  readonly feltAfter: readonly number[]
}

export interface Report {
  readonly kind: About
  readonly adding: Learned
  readonly copying: Learned | null
}

export const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

type Row = readonly [title: string, cell: (report: Report) => string]

/** The comparison as lines of a table. */
export function tableOf(reports: readonly Report[], { time }: { readonly time: number }): string {
  const back = Math.min(50, time - 1)
  const after = ({ solvedAfter, losses }: Learned) =>
    solvedAfter === null ? `not in ${losses.length}` : String(solvedAfter)
  const copying: readonly Row[] = [
    ['copying: symbols right', ({ copying }) => `${(100 * copying!.result).toFixed(1)} %`],
    ['copying: learned after steps', ({ copying }) => after(copying!)],
    ['copying: ms per step', ({ copying }) => copying!.milliseconds.toFixed(1)],
  ]
  const rows: readonly Row[] = [
    ['gates', ({ kind }) => String(kind.gates)],
    ['cell state', ({ kind }) => kind.memory],
    ['best for', ({ kind }) => kind.bestFor],
    ['adding: weights', r => String(r.adding.weights)],
    ['adding: squared error', r => r.adding.result.toFixed(4)],
    ['adding: learned after steps', r => after(r.adding)],
    ['adding: ms per step', r => r.adding.milliseconds.toFixed(1)],
    ...(reports.every(r => r.copying !== null) ? copying : []),
    [`gradient ${back} steps back, before`, r => shareOf(r.adding.feltBefore, back)],
    [`gradient ${back} steps back, after`, r => shareOf(r.adding.feltAfter, back)],
  ]
  const cells = [
    ['', ...reports.map(r => r.kind.name)],
    ...rows.map(([title, cell]) => [title, ...reports.map(cell)]),
  ]
  const widths = cells[0]!.map((_, k) => Math.max(...cells.map(line => line[k]!.length)))
  const lineOf = (line: readonly string[]) => line.map((text, k) => text.padEnd(widths[k]!)).join('  ')
  return cells.map(line => lineOf(line).trimEnd()).join('\n')
}

/** The norms at a few steps, as lines of a table. */
export function normsOf(reports: readonly Report[], time: number): string {
  const steps = [0, 1, 2, 5, 10, 20, 50, 75, 99, 150, 199].filter(back => back < time)
  const head = `steps back${reports.map(({ kind }) => kind.name.padStart(12)).join('')}`
  const lines = steps.map(back => {
    const shares = reports.map(({ adding }) => shareOf(adding.feltAfter, back).padStart(12))
    return `${String(back).padStart(10)}${shares.join('')}`
  })
  return [head, ...lines].join('\n')
}

/** A gradient as a share of that at the last step. */
const shareOf = (felt: readonly number[], back: number) => {
  const share = felt[back]! / felt[0]!
  return share === 0 ? '0' : share.toExponential(1)
}

/** Norms on a logarithmic scale; what is below 1e-5 lies at the bottom. */
export function chartOf(felt: readonly number[]): string {
  const columns = Math.min(60, felt.length)
  const line = Array.from({ length: columns }, (_, k) => {
    const value = felt[Math.floor((k * felt.length) / columns)]! / felt[0]!
    return Math.max(-5, Math.min(2, Math.log10(value)))
  })
  return draw({ line, low: -5, high: 2, rows: 7, columns: 1, label: power => `1e${power.toFixed(0)}` })
}
