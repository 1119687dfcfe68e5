/** npm run build: compiles every package and type-checks the tests. */
import { build, install } from './workspace.mjs'

install()
build()
