/** `theano.scan_module.until(condition)`: what a step returns to say that it is the last one. */
import { checkTensor, type Variable } from '@arignote/graph'

export class Until {
  constructor(readonly condition: Variable) {}
}

/** The scan ends after the step whose condition holds; that step counts. */
export function until(condition: Variable): Until {
  checkTensor('theano.scan_module.until', condition, 'the condition')
  return new Until(condition)
}
