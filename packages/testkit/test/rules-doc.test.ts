/** docs/rules.md tells every rule, by name, in the order of the tables; and what is said of leaving one out. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile, ruleNames } from '@arignote/compiler'
import { nearestName, tensor } from '@arignote/graph'
import { expect, test } from '@jest/globals'

const document = readFileSync(join(__dirname, '../../../docs/rules.md'), 'utf8')

test('the document lists the rules there are', () => {
  const listed = [...document.matchAll(/^\* `(.*?)`/gm)].map(([, name]) => name)
  expect(listed).toEqual(ruleNames)
})

test('no two rules have one name', () => {
  expect(ruleNames.filter((name, i) => ruleNames.indexOf(name) !== i)).toEqual([])
})

test('a rule that is left out is not applied, in bodies of scans neither', () => {
  const x = tensor('x', { shape: [] })
  const zero = (optimize: boolean | { without: string[] }) => compile([x], x.add(0), { optimize })(-0).data[0]
  expect([zero(true), zero({ without: [] }), zero({ without: ['x + 0 → x'] }), zero(false)]).toEqual([
    -0, -0, 0, 0,
  ])
})

test('the name that somebody meant is told', () => {
  const x = tensor('x', { shape: [] })
  const message = (name: string) => {
    try {
      compile([x], x, { optimize: { without: [name] } })
    } catch (error) {
      return (error as Error).message
    }
    return ''
  }
  expect(message('x+0 → x')).toMatch(/there is no rule "x\+0 → x"\n {2}did you mean "x \+ 0 → x"\?/)
  expect(message('everything that takes time, please')).not.toContain('did you mean')
})

test('a nearest name is one with few edits', () => {
  const names = ['relu', 'softmax', 'softplus']
  expect(['rleu', 'Softmx', 'soft', 'zebra'].map(name => nearestName(name, names))).toEqual([
    'relu',
    'softmax',
    'softmax',
    null,
  ])
})
