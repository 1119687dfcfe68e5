/** All rows, in the groups that take turns. */

import type { Row } from './row.js'
import { branches, effects } from './rows-control.js'
import { elementwise } from './rows-elementwise.js'
import { gradients } from './rows-gradient.js'
import { draws, gathers, products, scatters, sources } from './rows-index.js'
import { reductions, statistics } from './rows-reduce.js'
import { linearAlgebra, routines, subtensors } from './rows-routine.js'
import { scans } from './rows-scan.js'
import { views } from './rows-shape.js'

/** How often a group comes, and what is in it. */
export const groups: readonly (readonly [weight: number, rows: readonly Row[]])[] = [
  [4, elementwise],
  [2, reductions],
  [1, statistics],
  [4, views],
  [1, gathers],
  [1, scatters],
  [2, products],
  [1, routines],
  [1, subtensors],
  [1, linearAlgebra],
  [2, branches],
  [1, effects],
  [1, sources],
  [1, draws],
  [2, gradients],
  [4, scans],
]

export const rowNames: ReadonlySet<string> = new Set(groups.flatMap(([, rows]) => rows.map(row => row.name)))

/**
 * Public functions that have no row, and why. Everything else that `arignote` exports must have one.
 */
export const notDrawn: Readonly<Record<string, string>> = {
  array: 'makes a host value',
  cloneReplace: 'makes nothing that could not be written',
  col: 'an input: `tensor` is drawn',
  compile: 'what a program is run with',
  customGrad: 'takes a function, which is no data',
  debugPrint: 'prints',
  evaluate: 'compiles and runs by itself',
  disconnectedGrad: 'is stopGradient',
  foldl: 'is scan',
  foldr: 'is scan',
  map: 'is scan',
  matrix: 'an input: `tensor` is drawn',
  ndarrayOf: 'makes a host value',
  rand: 'makes a host value',
  randn: 'makes a host value',
  printedText: 'text of a printed value',
  randomStream: 'every program with draws has one',
  reduce: 'is scan',
  row: 'an input: `tensor` is drawn',
  scalar: 'an input: `tensor` is drawn',
  shared: 'leaves of programs',
  sineWave: 'makes host values',
  taps: 'is part of scan',
  tensor: 'leaves of programs',
  tensor3: 'an input: `tensor` is drawn',
  tensor4: 'an input: `tensor` is drawn',
  toDot: 'prints',
  toNested: 'makes a host value',
  until: 'is part of scan',
  vector: 'an input: `tensor` is drawn',
  verifyGrad: 'compiles and runs by itself',
  zerosArray: 'makes a host value',
}
