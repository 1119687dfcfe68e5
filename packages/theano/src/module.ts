/** `theano`, but for `tensor`. */
import { cloneReplace, type Variable } from '@arignote/graph'

/** `theano.clone(output, { replace })`: the same of other variables. */
export function clone<const W extends Variable | readonly Variable[]>(
  output: W,
  { replace }: { readonly replace: Parameters<typeof cloneReplace>[1] },
): ReturnType<typeof cloneReplace<W>> {
  return cloneReplace(output, replace)
}

export { config } from './config.js'
export { In, Out, theanoFunction as function } from './function.js'
export * as gradient from './gradient.js'
export { grad } from './gradients.js'
export * as ifelse from './ifelse.js'
export * as printing from './printing.js'
export { pp } from './printing.js'
export * as sandbox from './sandbox.js'
export { foldl, foldr, map, reduce, scan } from './scan.js'
export * as scan_module from './scan-module.js'
export * as scan_utils from './scan-module.js'
export { shared } from './shared.js'
