/** The errors of saved models: one constructor per message; codes from E420 on. */
import { ArgumentError, type ArignoteError, nearestName, report, ShapeError } from '@arignote/graph'

/** Bytes have no name. */
export const placeOf = (file: string | null) => file ?? 'the bytes'

export function unknownLayer(className: string, known: readonly string[]): ArignoteError {
  const nearest = nearestName(className, known)
  return report(ArgumentError, 'E420', {
    operation: 'modelFromJSON',
    problem: `the layer ${JSON.stringify(className)} is none that can be read`,
    lines: [
      ...(nearest === null ? [] : [`did you mean "${nearest}"?`]),
      `say how it is read: { layers: { ${className}: config => layers.… } }`,
    ],
  })
}

export function notAConfig(operation: string, what: string, wanted: string): ArignoteError {
  return report(ArgumentError, 'E421', { operation, problem: what, lines: [`wanted: ${wanted}`] })
}

export function notAModelFile(operation: string, file: string | null, found: string): ArignoteError {
  return report(ArgumentError, 'E422', {
    operation,
    problem: `${placeOf(file)}: ${found}`,
    lines: ['wanted: a file that model.save wrote, or a .h5 file of a whole Keras model; nothing was set'],
  })
}

export function damagedFile(operation: string, file: string | null, found: string): ArignoteError {
  return report(ArgumentError, 'E423', {
    operation,
    problem: `${placeOf(file)} is damaged: ${found}`,
    lines: ['nothing was set'],
  })
}

export function newerFile(operation: string, file: string | null, version: unknown): ArignoteError {
  return report(ArgumentError, 'E424', {
    operation,
    problem: `${placeOf(file)} has version ${String(version)} of the format, of a newer release`,
    lines: ['this release reads version 1; nothing was set'],
  })
}

export function weightsDiffer(
  operation: string,
  file: string | null,
  what: string,
  lines: readonly string[] = [],
): ArignoteError {
  return report(ShapeError, 'E425', {
    operation,
    problem: `${placeOf(file)} does not fit the model: ${what}`,
    lines: [...lines, 'nothing was set'],
  })
}

export function missingPart(operation: string, file: string | null, parts: readonly string[]): ArignoteError {
  return report(ArgumentError, 'E426', {
    operation,
    problem: `${placeOf(file)} was compiled with functions, which are not stored: ${parts.join(', ')}`,
    lines: [
      `give them: { compile: { ${parts.map(part => `${part}: …`).join(', ')} } }, or { compile: false } for a model that is not compiled`,
    ],
  })
}

export function needsHdf5(operation: string, file: string | null, line: string): ArignoteError {
  return report(ArgumentError, 'E427', {
    operation,
    problem: `${placeOf(file)}: this is an HDF5 file`,
    lines: [line],
  })
}

export function unknownCell(className: string, known: readonly string[]): ArignoteError {
  const nearest = nearestName(className, known)
  return report(ArgumentError, 'E428', {
    operation: 'modelFromJSON',
    problem: `the cell ${JSON.stringify(className)} is none that can be read`,
    lines: [
      ...(nearest === null ? [] : [`did you mean "${nearest}"?`]),
      'say how the layer around it is read: { layers: { RNN: config => layers.rnn({ cell: … }) } }',
    ],
  })
}

export function freshOptimizerText(operation: string, file: string | null, optimizer: string): string {
  return `${operation}: ${placeOf(file)}: what it has of ${optimizer} is no state for these weights; training begins with a fresh one`
}

export function skippedText(operation: string, file: string | null, names: readonly string[]): string {
  return `${operation}: ${placeOf(file)}: left as they are, since they have other shapes: ${names.join(', ')}`
}
