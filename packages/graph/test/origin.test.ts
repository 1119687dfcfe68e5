import { expect, test } from '@jest/globals'
import { Origin } from '../src/origin.js'

const place = (...lines: string[]) =>
  new Origin(Object.assign(new Error('made up'), { stack: lines.join('\n') })).place

test('the place is that of the first frame which is not ours, as V8 writes it', () => {
  expect(
    place(
      'Error',
      '    at captureOrigin (file:///home/me/app/node_modules/@arignote/graph/dist/node/index.js:1:2)',
      '    at add (file:///home/me/app/node_modules/arignote/dist/index.js:1:2)',
      '    at Array.map (<anonymous>)',
      '    at async file:///home/me/app/train.js:12:3',
      '    at node:internal/modules/run_main:117:5',
    ),
  ).toBe('/home/me/app/train.js:12:3')
})

test('and as Firefox and Safari do', () => {
  expect(
    place(
      'captureOrigin@https://esm.sh/@arignote/graph@0.1.0/es2022/graph.mjs:1:2',
      'add@https://esm.sh/@arignote/graph@0.1.0/es2022/graph.mjs:3:4',
      'main@https://example.org/app.js:12:3',
    ),
  ).toBe('https://example.org/app.js:12:3')
})

test("a folder of the user's may be called as we are", () => {
  expect(place('Error', '    at add (/home/me/arignote@dev/train.js:1:2)')).toBe(
    '/home/me/arignote@dev/train.js:1:2',
  )
})

test("what Vite's server or a network for packages serves is not the user's", () => {
  expect(
    place(
      'Error',
      '    at captureOrigin (http://localhost:5173/node_modules/.vite/deps/chunk-3ABC.js?v=12:1:2)',
      '    at https://cdn.jsdelivr.net/npm/arignote@0.1.0/+esm:1:2',
      '    at http://localhost:5173/src/train.ts?t=17:12:3',
    ),
  ).toBe('http://localhost:5173/src/train.ts?t=17:12:3')
})
