/** The command line of a benchmark: `npm run bench -- [words] [--quick] [--no-peers]`. */
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    'no-peers': { type: 'boolean', default: false },
    /** For the processes that a benchmark starts: which part they are. */
    child: { type: 'string' },
  },
})

export const options = {
  /** Few steps: whether it works, and roughly how fast. */
  quick: values.quick,
  peers: !values['no-peers'],
  child: values.child,
}
