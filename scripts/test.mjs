/** npm test [-- jest arguments]: installs when needed, then runs Jest on the sources. Nothing is built. */
import { args, install, tool } from './workspace.mjs'

install()
process.exit(tool('jest', ...args))
