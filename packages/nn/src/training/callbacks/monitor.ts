/** What a callback watches: a number of the logs, and whether more of it is better. */
import { choice, optional, text } from '../../layers/option.js'
import type { Logs, Run } from '../callback.js'
import { notMonitored } from '../errors.js'

export const monitorOptions = {
  /** A name in the history. */
  monitor: optional(text, 'val_loss'),
  /** 'auto': accuracies, areas under curves, precision and recall are to grow, everything else to shrink. */
  mode: optional(choice(['auto', 'min', 'max']), 'auto'),
}

export class Monitor {
  readonly name: string
  readonly #grows: boolean

  constructor(
    readonly callback: string,
    { monitor, mode }: { readonly monitor: string; readonly mode: 'auto' | 'min' | 'max' },
  ) {
    this.name = monitor
    this.#grows = mode === 'max' || (mode === 'auto' && /acc|auc|precision|recall|fmeasure/i.test(monitor))
  }

  /** What every value is better than. */
  get worst(): number {
    return this.#grows ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }

  /** Whether a value is better than another by more than `delta`. */
  isBetter(value: number, than: number, delta = 0): boolean {
    return this.#grows ? value - delta > than : value + delta < than
  }

  /** @throws ArgumentError for what only a validation tells, where there is none */
  begin(run: Run): void {
    if (this.name.startsWith('val_') && !run.metrics.includes(this.name))
      throw notMonitored(this.callback, this.name, run.metrics)
  }

  /** The value of an epoch; null where it was not validated. @throws ArgumentError for a name that there is not */
  valueIn(logs: Logs, run: Run): number | null {
    const value = logs[this.name]
    if (value !== undefined) return value
    if (run.metrics.includes(this.name)) return null
    throw notMonitored(this.callback, this.name, Object.keys(logs))
  }
}

/** `00005`. */
export const epochNumber = (epoch: number): string => String(epoch + 1).padStart(5, '0')
