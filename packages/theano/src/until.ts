/** `theano.scan_module.until(condition)`: what a step returns to say that it may be the last one. */
import { checkTensor, type Variable } from '@arignote/graph'

export class Until {
  constructor(readonly condition: Variable) {}
}

/** The scan ends after the step whose condition holds (is not 0); that step counts. */
export function until(condition: Variable): Until {
  checkTensor('theano.scan_module.until', condition, 'the condition')
  return new Until(condition.dtype === 'bool' ? condition : (condition.neq(0) as Variable))
}
