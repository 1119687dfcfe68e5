/** npm run fuzz: see CONTRIBUTING.md. Prints what it finds; fails if that is anything. */
import { parseArgs } from 'node:util'
import { Coverage } from './coverage.js'
import { fuzz } from './fuzz.js'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    quiet: { type: 'boolean' },
  },
})
const count = Number(values.count)
const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed)
const print = (text: string) => process.stdout.write(`${text}\n`)

const coverage = new Coverage()
const start = performance.now()
const each = (done: number) => `${((performance.now() - start) / done).toFixed(0)} ms each`
print(`${count} programs from seed ${seed} on`)
const { findings, excused } = fuzz({
  seed,
  count,
  seen: (program, built) => coverage.add(program, built),
  found: finding => print(`\n${finding.text}`),
  excused: (at, message) => print(`excused, seed ${at}: ${message.split('\n')[0]}`),
  progress: done => {
    if (values.quiet !== true && done % 100 === 0) print(`${done} of ${count}, ${each(done)}`)
  },
})
print(`\n${coverage.table()}`)
print(
  `${count} programs from seed ${seed} on, ${each(count)}: ${findings.length} findings, ${excused} excused`,
)
process.exit(findings.length === 0 ? 0 : 1)
