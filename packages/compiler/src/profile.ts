/**
 * Profiles: how often each kernel ran, how long, and how much it read and wrote.
 */

/** One kernel of a program; in a loop it counts every step. */
export interface KernelProfile {
  readonly kernel: string
  /** The operation whose value it stores, and the line in the user's code that made it. */
  readonly operation: string
  readonly place: string | null
  readonly calls: number
  readonly milliseconds: number
  /** Read and written in all calls together. */
  readonly bytes: number
}

export interface ProfileReport {
  readonly name: string
  /** Of the function. */
  readonly calls: number
  /** Of the calls, with arguments copied in and results copied out. */
  readonly milliseconds: number
  /** The slowest first. */
  readonly kernels: readonly KernelProfile[]
  /** A table. */
  toString(): string
}

type Description = Pick<KernelProfile, 'kernel' | 'operation' | 'place'>

/** What one kernel has cost so far. */
export class ProfileRow {
  calls = 0
  milliseconds = 0
  bytes = 0

  constructor(readonly description: Description) {}

  add(milliseconds: number, bytes: number): void {
    this.calls++
    this.milliseconds += milliseconds
    this.bytes += bytes
  }
}

/** The profile of one function, over all its sizes. */
export class Profile {
  calls = 0
  milliseconds = 0
  readonly #rows = new Map<object, ProfileRow>()

  constructor(readonly name: string) {}

  /** A call of the function. */
  add(milliseconds: number): void {
    this.calls++
    this.milliseconds += milliseconds
  }

  /** The row of a kernel, which is known by `key`. */
  row(key: object, describe: () => Description): ProfileRow {
    let row = this.#rows.get(key)
    if (row === undefined) {
      row = new ProfileRow(describe())
      this.#rows.set(key, row)
    }
    return row
  }

  report(): ProfileReport {
    const { name, calls, milliseconds } = this
    const kernels = [...this.#rows.values()]
      .filter(row => row.calls > 0)
      .map(row => ({
        ...row.description,
        calls: row.calls,
        milliseconds: row.milliseconds,
        bytes: row.bytes,
      }))
      .sort((a, b) => b.milliseconds - a.milliseconds)
    return { name, calls, milliseconds, kernels, toString: () => table(name, calls, milliseconds, kernels) }
  }
}

const headings = ['kernel', 'of', 'calls', 'ms', 'share', 'MB', 'GB/s', 'made at']

function table(name: string, calls: number, whole: number, kernels: readonly KernelProfile[]): string {
  const inside = kernels.reduce((sum, k) => sum + k.milliseconds, 0)
  const rows = kernels.map(k => [
    k.kernel,
    k.operation,
    String(k.calls),
    k.milliseconds.toFixed(3),
    `${((100 * k.milliseconds) / (inside || 1)).toFixed(1)} %`,
    (k.bytes / 1e6).toFixed(2),
    (k.bytes / 1e6 / (k.milliseconds || 1)).toFixed(2),
    k.place ?? '',
  ])
  const isNumber = (column: number) => column >= 2 && column <= 6
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map(row => row[i]!.length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (isNumber(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [
    `${name}: ${calls} call${calls === 1 ? '' : 's'}, ${whole.toFixed(3)} ms, of which ${inside.toFixed(3)} in kernels`,
    line(headings),
    ...rows.map(line),
  ].join('\n')
}
