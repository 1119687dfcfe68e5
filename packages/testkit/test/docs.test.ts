import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readBlocks, runBlock } from '../src/doc-blocks.js'
import { typeErrors } from '../src/doc-types.js'
import { readFiles } from '../src/files.js'

const root = join(__dirname, '../../..')
const documents = readFiles(root, ['docs'], path => path.endsWith('.md'))
for (const name of ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'].filter(name =>
  existsSync(join(root, name)),
))
  documents.set(name, readFileSync(join(root, name), 'utf8'))

const blocks = [...documents].sort().flatMap(([path, text]) => readBlocks(path, text))

test('every block of the documents has the types it should', () => {
  expect(typeErrors(root, blocks)).toEqual([])
}, 60_000)

const running = blocks.filter(block => block.noRun === undefined)
if (running.length > 0) {
  describe('every block of the documents runs', () => {
    test.each(running.map(block => [`${block.file}:${block.line}`, block] as const))(
      '%s',
      async (_, block) => {
        await runBlock(block, require)
      },
      60_000,
    )
  })
}
