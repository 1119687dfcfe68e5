/** Every message about files of parameters. */
import {
  ArgumentError,
  type ArignoteError,
  DTypeError,
  describeGiven,
  report,
  ShapeError,
  type Shared,
} from '@arignote/graph'

/** What is being done, and to which file, if there is one. */
export interface Task {
  readonly operation: string
  readonly file: string | null
}

const where = ({ file }: Task) => file ?? 'the bytes'
const list = (shape: readonly (number | null)[]) => `[${shape.map(n => n ?? '?').join(', ')}]`

export function noFile(task: Task, what: 'read' | 'written', error: unknown): ArignoteError {
  return report(ArgumentError, 'E600', {
    operation: task.operation,
    problem: `${where(task)} cannot be ${what}`,
    lines: [(error as Error).message],
    did: 'called',
  })
}

export function noFiles(operation: string): ArignoteError {
  return report(ArgumentError, 'E601', {
    operation,
    problem: 'there are no files here',
    lines: [
      'this is not Node; these make and take bytes: encodeParameters, decodeParameters, exportFunction, loadFunction,',
      'and for models modelToBytes, modelFromBytes, weightsToBytes, weightsFromBytes',
    ],
    did: 'called',
  })
}

/** @param expected what a file of this format has there. */
export function notOfFormat(task: Task, format: string, found: string, expected: string): ArignoteError {
  return report(ArgumentError, 'E602', {
    operation: task.operation,
    problem: `${where(task)}: not a ${format} file, or a damaged one`,
    lines: [found, `expected: ${expected}`],
    did: 'called',
  })
}

export function unreadable(task: Task, name: string, dtype: string, why: string): ArignoteError {
  return report(DTypeError, 'E603', {
    operation: task.operation,
    problem: `${where(task)}: "${name}" of dtype ${dtype} cannot be read`,
    lines: [why],
    did: 'called',
  })
}

export function notSavable(operation: string, name: string, given: unknown): ArignoteError {
  return report(ArgumentError, 'E604', {
    operation,
    problem: `"${name}" cannot be saved`,
    lines: [`it is ${describeGiven(given).what}`, 'what is saved is a shared variable or a value'],
    did: 'called',
  })
}

export function badName(operation: string, name: string, why: string): ArignoteError {
  return report(ArgumentError, 'E605', {
    operation,
    problem: `${JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name)} cannot be the name of a parameter`,
    lines: [why],
    did: 'called',
  })
}

export function namesDiffer(
  task: Task,
  missing: readonly string[],
  surplus: readonly string[],
): ArignoteError {
  const names = (all: readonly string[]) => {
    const more = all.length > 8 ? `, and ${all.length - 8} more` : ''
    return `${all
      .slice(0, 8)
      .map(name => `"${name}"`)
      .join(', ')}${more}`
  }
  return report(ArgumentError, 'E606', {
    operation: task.operation,
    problem: 'the names of values and parameters differ',
    lines: [
      ...(missing.length > 0 ? [`no value for ${names(missing)}`] : []),
      ...(surplus.length > 0 ? [`no parameter for ${names(surplus)}`] : []),
      "nothing was set; { missing: 'ignore', surplus: 'ignore' } sets what has both",
    ],
    did: 'called',
  })
}

export function shapesDiffer(
  task: Task,
  name: string,
  found: readonly number[],
  wanted: readonly (number | null)[],
  variable: Shared,
): ArignoteError {
  return report(ShapeError, 'E607', {
    operation: task.operation,
    problem: `the value for "${name}" has another shape`,
    operands: [['parameter', variable]],
    lines: [`${list(found)} is not ${list(wanted)}; nothing was set`],
    did: 'called',
  })
}

export function dtypesDiffer(task: Task, name: string, found: string, variable: Shared): ArignoteError {
  return report(DTypeError, 'E608', {
    operation: task.operation,
    problem: `the value for "${name}" has another dtype`,
    operands: [['parameter', variable]],
    lines: [
      `${found} is not ${variable.dtype}; nothing was set`,
      '{ convert: true } rounds, as setValue does',
    ],
    did: 'called',
  })
}
