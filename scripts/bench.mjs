/** npm run bench [-- words]: compiles and runs benchmarks/{kernels,models,compile}/*.ts, all or those whose path has a word. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { args, build, install, root, runModule } from './workspace.mjs'

const groups = ['kernels', 'models', 'compile']
const words = args.filter(arg => !arg.startsWith('-'))
const options = args.filter(arg => arg.startsWith('-'))

const chosen = groups
  .filter(group => existsSync(join(root, 'benchmarks', group)))
  .flatMap(group => readdirSync(join(root, 'benchmarks', group)).map(file => `${group}/${file}`))
  .filter(path => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .filter(path => words.length === 0 || words.some(word => path.includes(word)))

if (chosen.length === 0) {
  console.error(
    words.length === 0 ? 'There are no benchmarks yet.' : `No benchmark matches ${words.join(' ')}.`,
  )
  process.exit(1)
}
install()
build('benchmarks')
for (const path of chosen) {
  console.log(`\n${path}`)
  runModule(join(root, 'benchmarks', 'dist', path.replace(/\.ts$/, '.js')), ...options)
}
