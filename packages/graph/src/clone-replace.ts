/**
 * The same expressions of other variables: Theano's `clone_replace`.
 */
import { promote } from '@arignote/loops'
import { differentDim } from './dim.js'
import { badArgument, wrongDType } from './errors.js'
import { type Alike, formOf, type Wrt } from './form.js'
import { checkList, checkTensor } from './given.js'
import { asTensor } from './ops/builders.js'
import { cast } from './ops/cast.js'
import type { TensorLike } from './static.js'
import { substitute } from './traverse.js'
import type { Variable } from './variable.js'

type Pair = readonly [Variable, TensorLike]
type Pairs = readonly Pair[] | ReadonlyMap<Variable, TensorLike>

/**
 * Expressions with some of the variables that they are made of replaced, all at once: `cloneReplace(loss, [[W, average]])`.
 * The rest of the graph is shared with the original. What is put in has the shape of what it replaces, and its dtype or a
 * lower one.
 * @throws ArgumentError where it has another shape, DTypeError where it has a higher dtype
 */
export function cloneReplace<const W extends Wrt>(
  expressions: W,
  replacements: Pairs,
): W extends Variable ? W : Alike<W> {
  const form = formOf(expressions)
  const images = new Map<Variable, Variable>()
  form.list.forEach(v => {
    checkTensor('cloneReplace', v)
  })
  for (const [v, value] of pairsOf(replacements)) {
    checkTensor('cloneReplace', v)
    const by: Variable = asTensor(value, 'cloneReplace')
    if (promote(v.dtype, by.dtype) !== v.dtype)
      throw wrongDType('cloneReplace', [v, by], `{1} takes the place of {0}: cast it to ${v.dtype}`)
    if (by.ndim !== v.ndim || by.shape.some((n, axis) => differentDim(n, v.shape[axis]!)))
      throw badArgument('cloneReplace', '{1} has not the shape of {0}', 'it takes its place everywhere', [
        v,
        by,
      ])
    images.set(v, cast(by, v.dtype))
  }
  return form.pack(substitute(form.list, images)) as never
}

function pairsOf(replacements: Pairs): readonly Pair[] {
  const list: readonly unknown[] = replacements instanceof Map ? [...replacements] : (replacements as Pair[])
  checkList('cloneReplace', 'a list of replacements', list)
  if (list.some(pair => !Array.isArray(pair) || pair.length !== 2))
    throw badArgument(
      'cloneReplace',
      'a replacement is not a pair',
      'they are written [[variable, value], …]',
    )
  return list as readonly Pair[]
}
