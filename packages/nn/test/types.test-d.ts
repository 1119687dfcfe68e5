/** What the types of layers and models say. */
import type { NdArray } from '@arignote/graph'
import { input, layers, model, sequential } from '../src/index.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Same<A, B>) => {}

const x = input({ shape: [3] })
const y = layers.dense({ units: 1 }).apply(x)

const one = sequential([layers.dense({ units: 1, inputShape: [3] })]).predict([[1, 2, 3]])
same<typeof one, NdArray>(true)
const single = model({ inputs: x, outputs: y }).predict([[1, 2, 3]])
same<typeof single, NdArray>(true)
const both = model({ inputs: x, outputs: [y, y] }).predict([[1, 2, 3]])
same<typeof both, readonly NdArray[]>(true)

layers.bidirectional({ layer: layers.lstm({ units: 3 }) })
layers.flatten()
// @ts-expect-error a dense layer has units
layers.dense()
// @ts-expect-error there is no such option
layers.lstm({ units: 3, recurentDropout: 0.2 })
// @ts-expect-error a number is no activation
layers.dense({ units: 3, activation: 3 })
