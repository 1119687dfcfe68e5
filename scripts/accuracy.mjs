/** npm run accuracy [-- names] [-- --count=N --exact=N]: how far transcendental functions are from the true ones, in ulp. */
import { join } from 'node:path'
import { args, build, install, root, runModule } from './workspace.mjs'

install()
build('packages/testkit')
runModule(join(root, 'packages/testkit/dist/accuracy/table.js'), ...args)
