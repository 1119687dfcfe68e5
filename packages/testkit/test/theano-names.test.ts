/** docs/porting-from-theano.md: every name in its tables is there, and every name that is there is in its tables. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import * as A from 'arignote'
import { T, theano } from 'arignote/theano'

const page = readFileSync(join(__dirname, '../../../docs/porting-from-theano.md'), 'utf8')
const tables = page
  .slice(page.indexOf('## Names'))
  .split('\n')
  .filter(line => line.startsWith('| ') && !/^\| Theano /.test(line))
  .map(line =>
    line
      .slice(2, -2)
      .split(' | ')
      .map(cell => cell.trim()),
  )

const namesIn = (cells: readonly string[]) =>
  cells.flatMap(cell => [...cell.matchAll(/`((?:T|theano)(?:\.\w+)+)/g)].map(m => m[1]!))

function lookUp(path: string): unknown {
  const [root, ...names] = path.split('.')
  return names.reduce<unknown>(
    (object, name) => (object as Record<string, unknown>)[name],
    root === 'T' ? T : theano,
  )
}

const refused = tables.filter(([, here]) => here === 'refused' || !here?.startsWith('the same'))
const offered = tables.filter(row => !refused.includes(row))

test('what the tables offer is there', () => {
  const names = namesIn(offered.map(([theirs]) => theirs!))
  expect(names.length).toBeGreaterThan(150)
  for (const name of names) expect([name, lookUp(name)]).not.toEqual([name, undefined])
})

test('what is refused is not, and says why', () => {
  const names = namesIn(
    tables.filter(row => row[1] === 'refused' || row.length === 2).map(([theirs]) => theirs!),
  )
  expect(names.length).toBeGreaterThan(5)
  for (const name of names) expect(() => lookUp(name)).toThrow(/there is no name/)
})

test('what is there stands in the tables', () => {
  const known = new Set(namesIn(tables.flat()))
  const made = /^[fdilwb]?(?:scalar|vector|row|col|matrix|matrices|tensor[34])s?$/
  const missing: string[] = []
  const look = (path: string, object: object) => {
    for (const [name, member] of Object.entries(object)) {
      const whole = `${path}.${name}`
      if (known.has(whole) || (path === 'T' && made.test(name)) || whole === 'theano.tensor') continue
      if (typeof member === 'object' && whole !== 'theano.config') look(whole, member)
      else missing.push(whole)
    }
  }
  look('T', T)
  look('theano', theano)
  expect(missing).toEqual(['theano.config'])
})

test('our own names are exported', () => {
  const own = offered.flatMap(([, , ours = '']) => [...ours.matchAll(/`(\w+)`/g)].map(m => m[1]!))
  const options = [
    'onUnusedInput',
    'name',
    'profile',
    'backend',
    'optimize',
    'check',
    'defaults',
    'reverse',
    'steps',
    'strict',
    'uniform',
    'normal',
    'bernoulli',
    'randint',
    'choice',
    'permutation',
    'categorical',
  ]
  const exported = new Set([...Object.keys(A), ...options])
  expect(own.filter(name => !exported.has(name))).toEqual([])
})
