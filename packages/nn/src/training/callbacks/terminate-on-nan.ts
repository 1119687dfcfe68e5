/** Stops as soon as the loss of a batch is no number. */
import { checkOptions } from '@arignote/graph'
import type { Callback, Logs, Run } from '../callback.js'
import type { Messages } from './given.js'

export class TerminateOnNaN implements Callback {
  readonly #print: (line: string) => void

  constructor(options: Pick<Messages, 'print'> = {}) {
    checkOptions('terminateOnNaN', options, ['print'])
    this.#print = options.print ?? console.log
  }

  onBatchEnd(batch: number, { loss }: Logs, run: Run): void {
    if (loss === undefined || Number.isFinite(loss)) return
    this.#print(`Batch ${batch}: Invalid loss, terminating training`)
    run.stop()
  }
}
