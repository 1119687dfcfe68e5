/** npm start [-- NAME arguments]: compiles the library and runs the example docs/examples/NAME.ts. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { args, build, install, root, runModule } from './workspace.mjs'

const [name = 'sine-wave', ...rest] = args
const folder = join(root, 'docs', 'examples')
const names = readdirSync(folder)
  .filter(file => /^[\w-]+\.ts$/.test(file))
  .map(file => file.slice(0, -'.ts'.length))

if (!names.includes(name)) {
  console.error(`There is no example "${name}". Try one of:\n  ${names.join('\n  ')}`)
  process.exit(1)
}
install()
build('docs/examples')
runModule(join(folder, 'dist', `${name}.js`), ...rest)
