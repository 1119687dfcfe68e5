/** npm run size: lines per package, how many names the ops folder exports, and every file over 250 lines. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './workspace.mjs'

const LONG = 250

function sources(folder) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true })
    .filter(path => path.endsWith('.ts'))
    .map(path => ({ path: join(folder, path), text: readFileSync(join(root, folder, path), 'utf8') }))
}

const lines = text => text.split('\n').length - 1
const total = files => files.reduce((sum, file) => sum + lines(file.text), 0)
const row = (count, label) => console.log(`${String(count).padStart(7)}  ${label}`)

let all = []
for (const name of readdirSync(join(root, 'packages'))) {
  const src = sources(`packages/${name}/src`)
  const tests = sources(`packages/${name}/test`)
  row(total(src), `packages/${name}/src (${src.length} files), tests ${total(tests)} lines`)
  all = [...all, ...src]
}
row(total(all), `all sources (${all.length} files)`)

const ops = sources('packages/graph/src/ops').flatMap(
  f => f.text.match(/^export (const|function) \w+/gm) ?? [],
)
row(ops.length, 'names exported by graph/src/ops')

const long = all.filter(file => lines(file.text) > LONG).sort((a, b) => lines(b.text) - lines(a.text))
console.log(long.length === 0 ? `No file has more than ${LONG} lines.` : `Files over ${LONG} lines:`)
for (const file of long) row(lines(file.text), file.path)
