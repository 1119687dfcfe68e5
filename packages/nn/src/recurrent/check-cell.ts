/** What `recur` and its like are given, checked: the cell, its sequence, states and masks. */
import { checkTensor, describeGiven, type Variable } from '@arignote/graph'
import type { CellMask, RecurrentCell } from './cell.js'
import {
  notACell,
  notTheParts,
  wrongDropoutMask,
  wrongFloat,
  wrongMask,
  wrongSequence,
  wrongState,
  wrongStateCount,
} from './errors.js'

const needs = ['name', 'dtype', 'params', 'inputSize', 'units', 'stateSizes', 'masks', 'step'] as const

/** Something with everything that a cell has. */
export function checkIsCell(operation: string, role: string, given: unknown): asserts given is RecurrentCell {
  if (typeof given !== 'object' || given === null)
    throw notACell(operation, role, describeGiven(given).what, null)
  const missing = needs.find(name => (given as Record<string, unknown>)[name] === undefined)
  if (missing !== undefined) throw notACell(operation, role, describeGiven(given).what, missing)
}

/** (batch, time, inputSize), of the cell's dtype. */
export function checkSequence(cell: RecurrentCell, x: Variable): void {
  checkTensor('recur', x, 'the sequence')
  const size = x.shape[2]
  if (x.ndim !== 3 || (typeof size === 'number' && size !== cell.inputSize))
    throw wrongSequence(cell.name, x, cell.inputSize)
  if (x.dtype !== cell.dtype) throw wrongFloat(cell.name, 'x', x, cell.dtype)
}

/** (batch, time), as far as that is known. */
export function checkMask(x: Variable, mask: Variable): void {
  checkTensor('recur', mask, 'the mask')
  if (mask.ndim !== 2 || [0, 1].some(axis => differ(mask.shape[axis], x.shape[axis])))
    throw wrongMask(x, mask)
}

/** A tensor for each state, of its size: (batch, size), or (size) for every row the same. */
export function checkStates(
  cell: RecurrentCell,
  what: string,
  states: readonly Variable[],
  ranks: readonly number[],
): void {
  if (!Array.isArray(states))
    throw notTheParts(
      cell.name,
      what,
      describeGiven(states).what,
      'a list with a tensor for each of its states',
    )
  if (states.length !== cell.stateSizes.length)
    throw wrongStateCount(cell.name, what, states.length, cell.stateSizes)
  states.forEach((state, i) => {
    checkTensor(cell.name, state, `${what}[${i}]`)
    const size = cell.stateSizes[i]!
    if (!ranks.includes(state.ndim) || differ(state.shape.at(-1), size))
      throw wrongState(cell.name, what, i, state, size)
    if (state.dtype !== cell.dtype) throw wrongFloat(cell.name, `${what}[${i}]`, state, cell.dtype)
  })
}

/** (n, batch, features) with n = 1 or as many as the cell wants; for a stack, a list of those. */
export function checkDropoutMask(
  cell: RecurrentCell,
  what: 'dropoutMask' | 'recurrentDropoutMask',
  mask: CellMask,
): void {
  if (mask === null) return
  if (cell.cells !== undefined) {
    if (!Array.isArray(mask) || mask.length !== cell.cells.length)
      throw notTheParts(
        cell.name,
        what,
        describeGiven(mask).what,
        'a list with a mask, or null, for each of the cells',
      )
    cell.cells.forEach((inner, i) => {
      checkDropoutMask(inner, what, mask[i] as CellMask)
    })
    return
  }
  if (cell.masks === 0) throw notTheParts(cell.name, what, 'given', 'the cell does not drop: its masks are 0')
  checkTensor(cell.name, mask, what)
  const variable = mask as Variable
  const features = what === 'dropoutMask' ? cell.inputSize : cell.units
  const [n] = variable.shape
  const fits = n === undefined || typeof n !== 'number' || n === 1 || n === cell.masks
  if (variable.ndim !== 3 || !fits || differ(variable.shape[2], features))
    throw wrongDropoutMask(cell.name, what, variable, cell.masks, features)
  if (variable.dtype !== cell.dtype) throw wrongFloat(cell.name, what, variable, cell.dtype)
}

const differ = (a: unknown, b: unknown) => typeof a === 'number' && typeof b === 'number' && a !== b
