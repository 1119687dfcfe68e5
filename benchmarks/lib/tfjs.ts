/**
 * TensorFlow.js on its WebAssembly back end, as it comes: SIMD where there is any, and one thread, for its threaded build
 * is for browsers only.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import { layers, type Sequential, sequential } from '@tensorflow/tfjs-layers'

export { layers, type Sequential, sequential, tf }

/** Must have ended before anything of TensorFlow.js is used. */
export async function startTfjs(): Promise<void> {
  const require = createRequire(import.meta.url)
  setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')), '/'))
  await tf.setBackend('wasm')
  await tf.ready()
  addSegmentSum()
}

/**
 * The gradient of an embedding is a sum of rows by their ids, which the WebAssembly back end has no kernel for. Its
 * `scatterND` adds the rows that go to the same place, which is the same.
 */
function addSegmentSum(): void {
  if (tf.getKernel('UnsortedSegmentSum', 'wasm') !== undefined) return
  tf.registerKernel({
    kernelName: 'UnsortedSegmentSum',
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) => {
      const { x, segmentIds } = inputs as Record<'x' | 'segmentIds', tf.Tensor>
      const { numSegments } = attrs as { numSegments: number }
      const row = x.shape.slice(segmentIds.rank)
      return tf.tidy(() =>
        tf.scatterND(
          tf.reshape(tf.cast(segmentIds, 'int32'), [segmentIds.size, 1]),
          tf.reshape(x, [segmentIds.size, ...row]),
          [numSegments, ...row],
        ),
      )
    },
  })
}

/** One training step on fresh tensors, its loss read. */
export async function trainOnBatch(model: Sequential, x: tf.Tensor, y: tf.Tensor): Promise<number[]> {
  const loss = await model.trainOnBatch(x, y)
  x.dispose()
  y.dispose()
  return [loss as number]
}
