/**
 * The random streams of layers, graph by graph: in each, draws are numbered from the first on. So a model draws the same
 * whether it was compiled once or again, in this process or after it was saved and loaded.
 */
import type { RandomStream } from '@arignote/graph'
import { inEachGraph } from './in-graph.js'
import type { CallContext } from './kind.js'

const streamsIn = inEachGraph<RandomStream, RandomStream>()

/** The stream as the graph of this context has it: a layer that is used twice goes on counting. */
export function streamIn(context: CallContext, stream: RandomStream): RandomStream {
  const known = streamsIn(context)
  const own = known.get(stream) ?? stream.numberedAnew()
  known.set(stream, own)
  return own
}
