/** The messages of `exportFunction`: what cannot be written to a file, and for which sizes. */
import { ArgumentError, type ArignoteError, describeGiven, GraphError, report } from '@arignote/graph'

const operation = 'exportFunction'

export function notCompiled(given: unknown): ArignoteError {
  return report(ArgumentError, 'E610', {
    operation,
    problem: `${describeGiven(given).what} is not a compiled function`,
    lines: ['exportFunction(f) takes what compile(…) returned'],
    did: 'called',
  })
}

/** @param why what stands against it; `hint`: what to do. */
export function cannotExport(name: string, why: string, hint: string): ArignoteError {
  return report(GraphError, 'E611', {
    operation,
    problem: `${name} cannot be exported: ${why}`,
    lines: [hint],
    did: 'called',
  })
}

export function wrongSizes(name: string, problem: string, names: readonly (string | null)[]): ArignoteError {
  const known = names.map(size => size ?? 'one without a name')
  return report(ArgumentError, 'E612', {
    operation,
    problem,
    lines: [
      known.length === 0 ? `all sizes of ${name} are fixed` : `the sizes of ${name} are: ${known.join(', ')}`,
      'sizes are whole numbers: { sizes: [{ batch: 1, time: 100 }] }; arguments that have them do as well: { examples: [[x]] }',
    ],
    did: 'called',
  })
}
