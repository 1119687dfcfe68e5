/** The driver: steps  →  a function that runs them. It does what the compiler's driver does, with addresses that are there. */
import { failed, type Passed } from './errors.js'
import type { Address, Program, Step } from './format.js'

/** What steps work on. */
export interface Machine {
  readonly kernels: readonly ((...args: number[]) => void)[]
  readonly bytes: Uint8Array
  /** The error record. */
  readonly record: Int32Array
}

/** False: it stopped, and `passed` tells in which steps of scans. */
type Action = (trips: Int32Array) => boolean

/** Runs a program; throws the error of an index, a routine or an assertion. */
export function driverFor(program: Program, machine: Machine): () => void {
  const passed: Passed[] = []
  const trips = new Int32Array(depthOf(program.steps) + 1)
  const { record, bytes, kernels } = machine

  const sequence = (steps: readonly Step[]): Action => {
    const actions = steps.map(actionOf)
    return trips => {
      for (let i = 0; i < actions.length; i++) if (!actions[i]!(trips)) return false
      return true
    }
  }

  const actionOf = (step: Step): Action => {
    switch (step[0]) {
      case 'run': {
        const [, kernel, args, extent, chunk, canFail] = step
        const call = callOf(kernels[kernel]!, args, extent, chunk)
        return canFail
          ? trips => {
              call(trips)
              return record[0] === 0
            }
          : trips => {
              call(trips)
              return true
            }
      }
      case 'repeat': {
        const [, depth, count, scan, steps, exit, numbering] = step
        const body = sequence(steps)
        const condition = exit && addressOf(exit[0])
        const copies = (exit?.[1] ?? []).map(([from, to, n]) => [addressOf(from), addressOf(to), n] as const)
        return trips => {
          let t = 0
          while (t < count) {
            trips[depth] = t
            if (!body(trips)) {
              passed.unshift({ scan, trip: t, numbering })
              return false
            }
            t++
            if (condition !== null && bytes[condition(trips)] !== 0) break
          }
          trips[depth] = t
          for (const [from, to, n] of copies) {
            const begin = from(trips)
            bytes.copyWithin(to(trips), begin, begin + n)
          }
          return true
        }
      }
      case 'branch': {
        const condition = addressOf(step[1])
        const [onTrue, onFalse] = [sequence(step[2]), sequence(step[3])]
        return trips => (bytes[condition(trips)] === 0 ? onFalse(trips) : onTrue(trips))
      }
      case 'assert': {
        const [, holds, failure] = step
        const address = addressOf(holds)
        return trips => {
          if (bytes[address(trips)] !== 0) return true
          record[0] = failure + 1
          return false
        }
      }
      default:
        return step satisfies never
    }
  }

  const run = sequence(program.steps)
  return () => {
    passed.length = 0
    record.fill(0)
    if (run(trips)) return
    const failure = program.failures[record[0]! - 1]!
    // An index is in the record with its position; of a routine there is only the position.
    throw failed(failure, record[1]!, record[failure.kind === 'index' ? 3 : 1]!, passed)
  }
}

function depthOf(steps: readonly Step[]): number {
  let most = 0
  for (const step of steps) {
    const inner =
      step[0] === 'repeat'
        ? 1 + depthOf(step[4])
        : step[0] === 'branch'
          ? Math.max(depthOf(step[2]), depthOf(step[3]))
          : 0
    most = Math.max(most, inner)
  }
  return most
}

function addressOf([start, ...moves]: Address): (trips: Int32Array) => number {
  return trips => {
    let address = start
    for (let i = 0; i < moves.length; i++) {
      const [depth, bytes, slots, phase] = moves[i]!
      const t = trips[depth]! + phase
      address = (address + Math.imul(bytes, slots === 0 ? t : t % slots)) >>> 0
    }
    return address
  }
}

function callOf(
  kernel: (...args: number[]) => void,
  given: readonly (number | Address)[],
  extent: number,
  chunk: number,
): (trips: Int32Array) => void {
  const args = given.map(arg => (typeof arg === 'number' ? arg : arg[0]))
  const moving = given.flatMap((arg, i) => (typeof arg === 'number' ? [] : [[i, addressOf(arg)] as const]))
  const begin = args.length
  if (extent >= 0) args.push(0, extent)
  const inPieces = extent > 2 * chunk
  return trips => {
    for (let i = 0; i < moving.length; i++) args[moving[i]![0]] = moving[i]![1](trips)
    if (!inPieces) {
      kernel(...args)
      return
    }
    for (let at = 0; at < extent; at += chunk) {
      args[begin] = at
      args[begin + 1] = Math.min(extent, at + chunk)
      kernel(...args)
    }
  }
}
