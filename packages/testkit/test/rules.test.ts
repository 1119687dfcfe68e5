/** Every row of the rule tables: it fires on graphs made from its own pattern, and both sides have the same values. */

import { rows } from '@arignote/compiler'
import { printPattern, type Rule } from '@arignote/graph'
import { expect, test } from '@jest/globals'
import { differenceMade, instantiate } from '../src/rule-property.js'

const seeds = 2000
const enough = 12

/** Needs a scan, which no pattern can be made into: see compiler/test/optimize-scan.test.ts. */
const elsewhere = new Set(['an end of a trajectory → the initial or final value'])

test.each(rows.filter(rule => !elsewhere.has(rule.name)).map((rule): [string, Rule] => [rule.name, rule]))(
  '%s',
  (_, rule) => {
    let fired = 0
    for (let seed = 1; seed <= seeds && fired < enough; seed++) {
      const before = instantiate(rule.pattern, seed)
      const difference = before === null ? null : differenceMade(rule, before, seed)
      if (difference === null) continue
      fired++
      if (difference !== '') throw new Error(`seed ${seed}, ${printPattern(rule.pattern)}: ${difference}`)
    }
    expect(fired).toBeGreaterThan(0)
  },
)
