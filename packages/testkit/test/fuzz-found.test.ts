/** What the fuzzer found: each program as it was shrunk and printed, with the bug's name. */
import { test } from '@jest/globals'
import * as A from 'arignote'
import { agree } from '../src/index.js'

test('nothing is rolled anywhere', () => {
  const x = A.tensor('x', { dtype: 'float32', shape: [0] })
  const y = A.tensor('y', { dtype: 'float32', shape: ['n'] })
  agree([x, y], [A.roll(x, -1), A.roll(y, -1)], [[], []], { further: [[[], [1, 2, 3]]] })
})
