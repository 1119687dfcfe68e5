/** npm run check: lint, formatting, types. With --write (npm run format): mends what Biome can mend, checks no types. */
import { args, build, install, tool } from './workspace.mjs'

install()
const write = args.includes('--write')
const code = tool('biome', 'check', '--error-on-warnings', ...args)
if (!write) build()
process.exit(code)
