/** npm start [-- NAME arguments]: compiles the library and runs the example docs/examples/NAME.ts. --help lists them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { args, build, install, root, runModule } from './workspace.mjs'

const [name = 'sine-wave', ...rest] = args
const folder = join(root, 'docs', 'examples')
const names = readdirSync(folder)
  .filter(file => /^[\w-]+\.ts$/.test(file))
  .map(file => file.slice(0, -'.ts'.length))

/** What the comment at the top of an example says first. */
function aboutOf(name) {
  const text = readFileSync(join(folder, `${name}.ts`), 'utf8').replace(/\n \* ?/g, ' ')
  return /^\/\*\*\s+[^:]*: (.*?)(?:[.:?](?= )|\s\s)/.exec(text)?.[1] ?? ''
}

const list = () => names.map(name => `  ${name.padEnd(12)}${aboutOf(name)}`).join('\n')

if (name === '--help' || name === '-h') {
  console.log(`npm start [-- NAME options], where NAME is one of\n\n${list()}\n`)
  console.log('Without a name it is sine-wave. npm start -- NAME --help says what the options are.')
  process.exit()
}
if (!names.includes(name)) {
  console.error(`There is no example "${name}". Try one of:\n\n${list()}`)
  process.exit(1)
}
install()
build('docs/examples')
// Ctrl-C goes to the example, which may want to finish; this process ends when that one has.
process.on('SIGINT', () => {})
runModule(join(folder, 'dist', `${name}.js`), ...rest)
