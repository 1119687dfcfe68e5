/**
 * What the type-checker says of results. Compiled by `npm run check`, never run.
 */
import { matrix, type NdArray, type Tensor, type Variable } from '@arignote/graph'
import { compile } from '../src/index.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is =
  <E>() =>
  <A>(_value: A, ..._proof: Equal<A, E> extends true ? [] : [never]) => {}

const x = matrix('x')

is<NdArray<'float32', 0>>()(compile([x], x.sum())(1))
is<[NdArray<'float32', 2>, NdArray<'bool', 2>]>()(compile([x], [x, x.gt(0)])(1))
is<{ y: NdArray<'int32', 1> }>()(compile([x], { y: x.argmax(0) })(1))
is<Float32Array>()(compile([x], x)(1).data)
is<NdArray>()(compile([x], x as Variable)(1))
is<NdArray[]>()(compile([x], [x] as Variable[])(1))
is<NdArray<'float32', 2>[]>()(compile([x], [x] as Tensor<'float32', 2>[])(1))

// Inputs by name.
const byName = compile({ x }, x.sum())
is<NdArray<'float32', 0>>()(byName({ x: 1 }))
// @ts-expect-error: there is no such input
byName({ y: 1 })
// @ts-expect-error: the input is missing
byName({})
compile({ x }, x.sum(), { defaults: new Map([[x, 1]]) })({})
