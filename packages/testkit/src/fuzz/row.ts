/**
 * What the fuzzer can draw: one row per public function. A new operation is one more row in a `rows-*.ts` file; until it
 * is there, a test says that it is not drawn.
 */
import type { Drawing } from './drawing.js'

export interface Row {
  /** The public function, `random.` and a method of streams, or one of the graph package. */
  readonly name: string
  /**
   * Adds lines that end with a call of it.
   * @throws NotHere where no operands fit
   */
  readonly draw: (d: Drawing) => void
}

export const row = (name: string, draw: Row['draw']): Row => ({ name, draw })
