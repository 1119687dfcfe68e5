/** npm run fuzz [-- --count N --seed S]: compiles, then runs random programs under every back end and compares. */
import { join } from 'node:path'
import { args, build, install, root, runModule } from './workspace.mjs'

install()
build('packages/testkit')
runModule(join(root, 'packages/testkit/dist/fuzz/command.js'), ...args)
