/** npm run samples [-- --update]: checks the golden samples, or writes their expected texts anew. */
import { args, install, tool } from './workspace.mjs'

install()
if (args.includes('--update')) process.env.UPDATE_SAMPLES = '1'
process.exit(tool('jest', 'packages/testkit/test/samples', ...args.filter(arg => arg !== '--update')))
