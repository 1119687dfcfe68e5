/**
 * The random streams of layers, graph by graph: in each, draws are numbered from the first on. So a model draws the same
 * whether it was compiled once or again, in this process or after it was saved and loaded.
 */
import type { RandomStream } from '@arignote/graph'
import type { CallContext } from './kind.js'

const inGraphs = new WeakMap<CallContext, Map<RandomStream, RandomStream>>()

/** The stream as the graph of this context has it: a layer that is used twice goes on counting. */
export function streamIn(context: CallContext, stream: RandomStream): RandomStream {
  const known = inGraphs.get(context) ?? new Map<RandomStream, RandomStream>()
  inGraphs.set(context, known)
  const own = known.get(stream) ?? stream.numberedAnew()
  known.set(stream, own)
  return own
}
