/**
 * Methods, continued: which branch runs, what happens on the way, and what a step sees.
 */
import type { DType } from '@arignote/loops'
import { type IfElseMethod, ifElse } from './branch/if-else.js'
import { installMethods } from './fluent.js'
import { assert, print } from './ops/effect.js'
import { type Taps, taps } from './scan/taps.js'
import type { TensorLike } from './static.js'
import type { Rank, Tensor } from './variable.js'

declare module './variable.js' {
  interface Variable<out D extends DType = DType, out R extends Rank = Rank> {
    readonly ifElse: IfElseMethod
    print(label?: string): Tensor<D, R>
    assert(condition: TensorLike, message: string): Tensor<D, R>
    taps<const L extends readonly number[]>(list: L): Taps<D, R, L>
  }
}

installMethods({ assert, ifElse, print, taps })
