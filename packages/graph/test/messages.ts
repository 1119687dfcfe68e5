/** What the tests of this package ask of errors and types. */
import { ArignoteError, printType, type Variable } from '../src/index.js'

/** The class and the whole text of the error that `f` throws, with the place in this repository left out. */
export function messageOf(f: () => unknown): string {
  try {
    f()
  } catch (error) {
    if (!(error instanceof ArignoteError)) throw error
    return `${error.name} ${error.message.replace(/created at \S+\.test\.ts:\d+:\d+ +/, 'created at … ')}`
  }
  throw new Error('it did not throw')
}

/** `f32[batch, 10]`. */
export const typeOf = (v: Variable): string => printType(v.type)

/** The requirements of the node that made a variable: `batch = 10`. */
export const requirementsOf = (v: Variable): string[] =>
  v.owner!.requires.map(
    r => `${printSide(r.left)} ${r.relation === 'equal' ? '=' : '≥'} ${printSide(r.right)}: ${r.rule}`,
  )

const printSide = (dim: Variable['shape'][number]) => (typeof dim === 'number' ? String(dim) : dim.toString())
