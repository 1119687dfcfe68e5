/** What layers remember of a graph while it is made. */
import type { CallContext } from './kind.js'

/** A map of its own for each graph. */
export function inEachGraph<K, V>(): (context: CallContext) => Map<K, V> {
  const maps = new WeakMap<CallContext, Map<K, V>>()
  return context => {
    const map = maps.get(context) ?? new Map<K, V>()
    maps.set(context, map)
    return map
  }
}
