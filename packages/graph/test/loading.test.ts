import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, jest, test } from '@jest/globals'

const src = join(__dirname, '..', 'src')
const files = ['', 'ops/'].flatMap(folder =>
  readdirSync(join(src, folder)).flatMap(name =>
    name.endsWith('.ts') ? [`${folder}${name.slice(0, -3)}`] : [],
  ),
)

describe('operations refer to one another in circles, yet any file may be loaded first', () => {
  test.each(files)('%s', file => {
    jest.isolateModules(() => {
      expect(() => require(join(src, file))).not.toThrow()
    })
  })
})
