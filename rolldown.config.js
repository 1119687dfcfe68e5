/**
 * What Node loads: packages/NAME/dist/node, one file per entry of a package.
 *
 * Reading some three hundred modules takes longer than all that a small program does afterwards. A bundler of the user's
 * gets the modules themselves, and leaves out what is not used.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'

/** The entries of a package, `{ index: 'packages/nn/src/index.ts' }`: those that name a file for Node. */
function entriesOf(folder) {
  const manifest = `${folder}/package.json`
  if (!existsSync(manifest)) return {}
  const { exports = {} } = JSON.parse(readFileSync(manifest, 'utf8'))
  const entries = Object.values(exports).filter(({ node }) => node !== undefined)
  return Object.fromEntries(entries.map(({ node, source }) => [basename(node, '.js'), `${folder}/${source}`]))
}

export default readdirSync('packages')
  .map(name => ({ folder: `packages/${name}`, input: entriesOf(`packages/${name}`) }))
  .filter(({ input }) => Object.keys(input).length > 0)
  .map(({ folder, input }) => ({
    input,
    external: /^[^./]/,
    resolve: { extensionAlias: { '.js': ['.ts'] } },
    // A module that is loaded on demand may be there already, through another entry.
    checks: { ineffectiveDynamicImport: false },
    output: {
      dir: `${folder}/dist/node`,
      chunkFileNames: '[name].js',
      comments: { annotation: true, jsdoc: false, legal: true },
      sourcemap: true,
    },
  }))
