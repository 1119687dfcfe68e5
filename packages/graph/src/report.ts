/**
 * Reports: what an error says  →  the error with its text, in one layout for all.
 *
 *   matmul: inner dimensions differ
 *     x : f32[batch, 128]   (input "x")
 *     W : f32[64, 10]       (shared "dense1.W")
 *     the last axis of x must equal the first axis of W: 128 ≠ 64
 *     created at examples/mnist.ts:41:7                                         [E012]
 *
 * What cannot happen unless we erred ourselves is a plain Error that begins with `internal:`.
 */
import type { ArignoteError } from '@arignote/errors'
import { captureOrigin, type Origin } from './origin.js'
import { printType } from './type.js'
import { presentOrigins, Shared, type Variable } from './variable.js'

export * from '@arignote/errors'

/** What an error says, before it is laid out. */
export interface Report {
  /** What the user called: `matmul`. */
  readonly operation: string
  /** What is wrong, in a few words; in it and in `lines`, {0} is what the first operand is called. */
  readonly problem: string
  /** The variables involved, each with the role it plays where it has no name of its own. */
  readonly operands?: readonly (readonly [role: string, variable: Variable])[]
  /** The rule that was broken, with the two sides; a hint on what to do; each a line. */
  readonly lines?: readonly string[]
  /** Where in the user's code; by default here and now. */
  readonly origins?: readonly Origin[]
  /** What the user did there; default 'created'. */
  readonly did?: 'created' | 'called'
}

type ErrorClass = new (code: string, message: string) => ArignoteError

const width = 84
const deepest = 40

/** The error with its message laid out. */
export function report(Kind: ErrorClass, code: string, r: Report): ArignoteError {
  return new Kind(code, layout(code, r))
}

function layout(code: string, r: Report): string {
  const { operation, problem, operands = [], lines = [], origins, did = 'created' } = r
  const found = placesOf(origins ?? presentOrigins(deepest))
  // The call in progress was looked for in fewer frames than an error may look at.
  const places = found.length === 0 && origins === undefined ? placesOf([captureOrigin(deepest)]) : found
  const last = places.length > 0 ? `  ${did} at ${places.join(', ')}` : ' '
  const labels = labelsOf(operands)
  const named = (text: string) => text.replace(/\{(\d)\}/g, (whole, i) => labels[i] ?? whole)
  return [
    `${operation}: ${named(problem)}`,
    ...describeVariables(operands).map(line => `  ${line}`),
    ...lines.map(line => `  ${named(line)}`),
    `${last.padEnd(width - code.length - 3)} [${code}]`,
  ].join('\n')
}

/** The distinct places in the user's code, first one first. */
export function placesOf(origins: readonly Origin[]): readonly string[] {
  return [...new Set(origins.map(o => o.place))].filter(place => place !== null)
}

/** One aligned line per variable: `W : f32[64, 10]   (shared "dense1.W")`. */
export function describeVariables(operands: NonNullable<Report['operands']>): readonly string[] {
  const labels = labelsOf(operands)
  const types = operands.map(([, v]) => printType(v.type))
  const wide = (texts: readonly string[]) => Math.max(0, ...texts.map(t => t.length))
  return operands.map(
    ([, v], i) =>
      `${labels[i]!.padEnd(wide(labels))} : ${types[i]!.padEnd(wide(types))}   (${describeKind(v)})`,
  )
}

/** `x : f32[batch, 128]   (input "x")`. */
export function describeVariable(variable: Variable, role = 'x'): string {
  return describeVariables([[role, variable]])[0]!
}

/** `input "x"`, `shared "W"`, `constant`, `result of dot`. */
export function describeKind(v: Variable): string {
  const name = v.name === null ? '' : ` "${v.name}"`
  if (v instanceof Shared) return `shared${name}`
  if (v.owner === null) return `input${name}`
  if (v.owner.op.family.kind === 'constant') return `constant${name}`
  const source = v.owner.op.name === 'named' && v.owner.inputs[0]?.owner ? v.owner.inputs[0].owner : v.owner
  return `result of ${source.op.name}${name === '' ? '' : `,${name}`}`
}

/** What each operand is called in the text: the end of its name, or its role where names are missing or collide. */
export function labelsOf(operands: NonNullable<Report['operands']>): readonly string[] {
  const names = operands.map(([role, v]) => v.name?.split(/[./]/).at(-1) || role)
  return new Set(names).size === names.length ? names : operands.map(([role]) => role)
}

/** x, y, z, … for variables without names of their own. */
export const rolesOf = (variables: readonly Variable[]): NonNullable<Report['operands']> =>
  variables.map((v, i) => ['xyzuvw'[i] ?? `x${i}`, v] as const)
