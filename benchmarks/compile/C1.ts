/**
 * C1: what it takes, in a fresh process, until W1's training function runs at its pace: `compile` and the first call, less
 * a steady call. Weights are made before, and the graph is timed apart.
 */
import { compile, ndarrayOf } from 'arignote'
import { TFJS } from '../lib/names.js'
import { options } from '../lib/options.js'
import { answer, start } from '../lib/process.js'
import { milliseconds, printTable, save } from '../lib/report.js'
import { type Summary, summary } from '../lib/statistics.js'
import { type Batch, batch, graph, parameters, sizes } from '../networks/sentiment.js'

/** Milliseconds of one fresh process. */
interface Start {
  /** Writing the network down: for us the graph with its gradient and updates, for TensorFlow.js the layers. */
  readonly write: number
  readonly compile: number
  readonly first: number
  readonly steady: number
}

/** Milliseconds, where TensorFlow.js takes 1360; a machine that is slower, or faster, for both has the ratio for its aim. */
const AIM = 150
const AIM_RATIO = 1360 / AIM
const STEADY = options.quick ? 3 : 5

const subjects: Record<string, () => Promise<Start>> = {
  'arignote, 1 thread': async () => {
    const weights = parameters()
    const begin = performance.now()
    const { inputs, loss, updates } = graph(weights)
    const written = performance.now()
    const train = compile(inputs, loss, { updates })
    const compiled = performance.now()
    const calls = await timed(async ({ texts, labels }) =>
      train(ndarrayOf(texts, [sizes.batch, sizes.words]), labels),
    )
    return { write: written - begin, compile: compiled - written, ...calls }
  },
  [TFJS]: async () => {
    const { startTfjs } = await import('../lib/tfjs.js')
    const { compileModel, sentimentModel, train } = await import('../networks/sentiment-tfjs.js')
    await startTfjs()
    const begin = performance.now()
    const model = sentimentModel()
    const written = performance.now()
    compileModel(model)
    const compiled = performance.now()
    const calls = await timed(input => train(model, input))
    return { write: written - begin, compile: compiled - written, ...calls }
  },
}

/** The first call, and the fastest one when all has been seen. */
async function timed(step: (input: Batch) => Promise<unknown>): Promise<{ first: number; steady: number }> {
  const times: number[] = []
  for (let k = 0; k < 2 + STEADY; k++) {
    const input = batch(k)
    const begin = performance.now()
    await step(input)
    times.push(performance.now() - begin)
  }
  return { first: times[0]!, steady: Math.min(...times.slice(2)) }
}

if (options.child !== undefined) {
  const subject = subjects[options.child]!
  answer<object, Start>(() => subject())
} else {
  const names = Object.keys(subjects).filter(name => options.peers || name !== TFJS)
  const starts = new Map<string, Start[]>(names.map(name => [name, []]))
  for (let k = 0; k < (options.quick ? 2 : 5); k++)
    for (const name of names) {
      const child = await start<object, Start>(name)
      starts.get(name)!.push(await child.ask({}))
      child.end()
    }
  tell(starts)
}

function tell(starts: ReadonlyMap<string, readonly Start[]>): void {
  const rows = [...starts].map(([name, list]) => {
    const of = (part: (start: Start) => number): Summary => summary(list.map(part))
    return {
      name,
      c1: of(({ compile, first, steady }) => compile + first - steady),
      write: of(({ write }) => write),
      compile: of(({ compile }) => compile),
      first: of(({ first }) => first),
      steady: of(({ steady }) => steady),
    }
  })
  console.log('\nC1  fresh process: compile + first call − a steady call, of W1\n')
  printTable(
    ['', 'C1 ms', 'min ms', 'spread', 'ratio', 'graph ms', 'compile ms', 'first call ms', 'steady ms'],
    rows.map(({ name, c1, write, compile, first, steady }) => [
      name,
      milliseconds(c1.median),
      milliseconds(c1.min),
      `${(100 * c1.spread).toFixed(0)} %`,
      (c1.median / rows[0]!.c1.median).toFixed(2),
      ...[write, compile, first, steady].map(({ median }) => milliseconds(median)),
    ]),
  )
  const [own, peer] = rows.map(({ c1 }) => c1.median)
  console.log(`  aim: ≤ ${AIM} ms; it is ${milliseconds(own!)} ms`)
  if (peer !== undefined)
    console.log(`  aim: ${AIM_RATIO.toFixed(1)} × ${TFJS}; it is ${(peer / own!).toFixed(1)} ×`)
  save('C1', { aim: AIM, rows, starts: Object.fromEntries(starts) })
}
