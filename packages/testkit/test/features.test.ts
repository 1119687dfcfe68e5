/** docs/features.md: names that are exported, tests that are there. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Variable } from '@arignote/graph'
import { expect, test } from '@jest/globals'
import * as A from 'arignote'
import * as nn from 'arignote/nn'
import * as saving from 'arignote/save'

const root = join(__dirname, '../../..')
const rows = readFileSync(join(root, 'docs/features.md'), 'utf8')
  .split('\n')
  .filter(line => line.startsWith('| ') && !line.includes('| here |'))
  .map(line =>
    line
      .slice(2, -2)
      .split(' | ')
      .map(cell => cell.trim()),
  )
  .map(cells => (cells.length === 2 ? [...cells, ''] : cells))

/** What a name in the middle column may be besides an export: properties, options and draws that other tests know. */
const others = [
  'f',
  'null',
  'scan',
  'shape',
  'check',
  'profile',
  'onPrint',
  'WeakMap',
  'normal',
  'dropoutMask',
  'rows',
  'bernoulli',
  'categorical',
  'ARIGNOTE_TRACE',
]

test('there are many rows, of three cells', () => {
  expect(rows.length).toBeGreaterThan(90)
  expect(rows.filter(cells => cells.length !== 3)).toEqual([])
})

test('every name is exported', () => {
  const exported = new Set([
    ...Object.keys(A),
    ...Object.keys(saving),
    ...Object.keys(nn),
    ...Object.getOwnPropertyNames(Variable.prototype),
    ...others,
  ])
  const names = rows.flatMap(([, here]) => [...here!.matchAll(/`(\w+)`/g)].map(m => m[1]!))
  expect(names.filter(name => !exported.has(name))).toEqual([])
})

test('every test is there, and what is not tested is refused or later', () => {
  const fileOf = (name: string) => (name.includes('/') ? `packages/${name}` : `packages/testkit/test/${name}`)
  const isThere = (name: string) =>
    /^(sample \w+|every suite.*)$/.test(name) ||
    ['.test.ts', '.test-d.ts'].some(end => existsSync(join(root, fileOf(name) + end)))
  const named = rows.flatMap(([, , tests]) => tests!.split(', ').filter(name => name !== ''))
  expect(named.filter(name => !isThere(name))).toEqual([])
  const reasons = /refused|later|nobody|see below|see the change log|not needed/
  expect(rows.filter(([, here, tests]) => tests === '' && !reasons.test(here!)).map(r => r[0])).toEqual([])
})
