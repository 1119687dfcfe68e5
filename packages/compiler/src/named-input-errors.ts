/** The error of calls by name. */
import { ArgumentError, type ArignoteError, report } from '@arignote/graph'

export function unknownArgument(
  name: string,
  key: string | null,
  names: readonly string[],
  nearest: string | null,
): ArignoteError {
  return report(ArgumentError, 'E229', {
    operation: name,
    problem: key === null ? 'its arguments come in a record' : `it has no input "${key}"`,
    lines: [
      ...(nearest === null ? [] : [`did you mean "${nearest}"?`]),
      `its inputs are a record: { ${names.join(', ')} }`,
    ],
    did: 'called',
  })
}
