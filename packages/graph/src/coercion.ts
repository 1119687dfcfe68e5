/**
 * What JavaScript's own operators find when they meet a symbolic tensor or size: an error that says what to write, instead
 * of NaN or [object Object]. (Nothing can be said about `if (x)`: every object is true.)
 */
import { usedAsNumber } from './argument-errors.js'
import { DimExpr } from './dim.js'
import { describeVariable } from './report.js'
import { Variable } from './variable.js'

/** `hint` is what JavaScript wants: a template string wants a string, an operator a number. */
function install(Class: { readonly prototype: object }, print: (x: never) => string): void {
  Object.defineProperty(Class.prototype, Symbol.toPrimitive, {
    value(this: Variable | DimExpr, hint: string) {
      if (hint === 'string') return print(this as never)
      throw usedAsNumber(this)
    },
    configurable: true,
  })
}

install(Variable, (v: Variable) => describeVariable(v))
install(DimExpr, (dim: DimExpr) => dim.toString())
