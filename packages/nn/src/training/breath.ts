/** Lets others have the thread now and then: timers, input, an `AbortSignal`. */

const interval = 50

/** In Node a timer would cost a millisecond at least. */
const turn = (): Promise<void> =>
  new Promise(resolve => {
    if (typeof setImmediate === 'function') setImmediate(resolve)
    else setTimeout(resolve, 0)
  })

export class Breath {
  #last = performance.now()

  /** Whether it is time: 20 times a second. */
  get isDue(): boolean {
    return performance.now() - this.#last >= interval
  }

  async take(): Promise<void> {
    await turn()
    this.#last = performance.now()
  }
}
