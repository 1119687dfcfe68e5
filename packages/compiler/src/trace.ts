/**
 * Tracing: `ARIGNOTE_TRACE=rules,graph,program,kernels,plan,wat,time` prints what each pass made, or that it changed nothing.
 *
 * Topics, not levels: any combination. Text is made only for topics that are on.
 */
import { nearestName } from '@arignote/graph'

export const topics = ['rules', 'graph', 'program', 'kernels', 'plan', 'wat', 'time'] as const
export type Topic = (typeof topics)[number]

/** Where the lines go; a test may put something else here. */
export const output = { write: (text: string): void => console.error(text) }

let latest = { text: '', topics: new Set<string>() }

/** The environment is read each time: a program may switch topics on as it runs. */
export function isTraced(topic: Topic): boolean {
  const text = (typeof process === 'object' ? process.env?.ARIGNOTE_TRACE : undefined) ?? ''
  if (text !== latest.text) {
    latest = { text, topics: new Set(text.split(/[\s,]+/).filter(word => word !== '')) }
    for (const word of latest.topics) tellUnknown(word)
  }
  return latest.topics.has(topic)
}

function tellUnknown(word: string): void {
  if ((topics as readonly string[]).includes(word)) return
  const nearest = nearestName(word, topics)
  const hint = nearest === null ? '.' : `; did you mean ${nearest}?`
  output.write(`ARIGNOTE_TRACE: there is no topic "${word}"${hint} Topics are ${topics.join(', ')}`)
}

/** Prints a form of the program under the name of the pass that made it. `before`: what it was made from, printed alike. */
export function trace(topic: Topic, pass: string, text: () => string, before?: () => string): void {
  if (!isTraced(topic)) return
  const now = text()
  output.write(`── ${pass} ──\n${before !== undefined && before() === now ? '(unchanged)' : now}`)
}

/** Does a pass's work; under the topic `time` tells how long it took. */
export function timed<T>(pass: string, work: () => T): T {
  if (!isTraced('time')) return work()
  const start = performance.now()
  const result = work()
  output.write(`${pass}: ${(performance.now() - start).toFixed(2)} ms`)
  return result
}
