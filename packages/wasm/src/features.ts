/**
 * Features: which extensions this engine compiles, found out by asking it.
 *
 * Each answer is a module of one function, validated once. Engine flags must be set
 * before the first question.
 */
import { type FunctionBuilder, func } from './function.js'
import { assemble, type Memory, memory } from './module.js'

/** True if the engine has 128-bit vectors. */
export const hasSimd = probe(f => f.op('i32.const', 0).op('i32x4.splat').drop())

/** True if the engine has relaxed vectors, fused multiply-add among them. */
export const hasRelaxedSimd = probe(f => {
  for (let i = 0; i < 3; i++) f.op('f32.const', 1).op('f32x4.splat')
  f.op('f32x4.relaxed_madd').drop()
})

/** True if the engine has shared memory and atomics. */
export const hasThreads = probe(
  f => f.op('i32.const', 0).op('i32.atomic.load').drop(),
  memory({ initial: 1, maximum: 1, shared: true }),
)

function probe(build: (f: FunctionBuilder) => void, shared?: Memory): () => boolean {
  let answer: boolean | undefined
  return () => {
    answer ??= WebAssembly.validate(
      assemble({
        ...(shared && { memory: shared }),
        exports: { probe: func('probe', {}, [], build) },
      }).toBytes(),
    )
    return answer
  }
}
