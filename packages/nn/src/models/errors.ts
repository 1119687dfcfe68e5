/** The errors of models: one constructor per message; codes from E320 on. */
import { type ArignoteError, GraphError, report } from '@arignote/graph'

export function disconnectedInput(layer: string): ArignoteError {
  return report(GraphError, 'E320', {
    operation: 'model',
    problem: `the outputs need the input ${layer}, which is not among the inputs`,
    lines: ['list every input that the outputs depend on: model({ inputs: […], outputs })'],
  })
}
