/**
 * What a size may be in a call. Most have one value; how many steps a scan with `until` makes is told by the values, so
 * that is anything up to the most it may make.
 */
import {
  countedBy,
  type Dim,
  type DimSymbol,
  evaluateDim,
  type ScanParams,
  substituteDim,
  symbolDim,
  symbolsOf,
  type Variable,
} from '@arignote/graph'

const mostCounts = 5

/** Sizes that occur, the extremes among them; null where too much is open. */
export function sizesIn(dim: Dim, bound: (symbol: DimSymbol) => number): readonly number[] | null {
  const counts = new Set(symbolsOf(dim).filter(symbol => stepsOf(symbol) !== null))
  if (counts.size > mostCounts) return null
  let open: readonly Dim[] = [dim]
  for (const symbol of counts) {
    const most = sizesIn(stepsOf(symbol)!, bound)
    if (most === null) return null
    const values = new Set([Math.min(1, ...most), Math.ceil(Math.max(...most) / 2), Math.max(...most)])
    const put = (d: Dim, n: number) => substituteDim(d, s => (s === symbol ? n : symbolDim(s)))
    open = open.flatMap(d => [...values].map(n => put(d, n)))
  }
  return open.map(d => Math.max(0, evaluateDim(d, bound)))
}

/** The most steps that the scan makes whose number of steps this is; null for other symbols. */
function stepsOf({ source }: DimSymbol): Dim | null {
  const node = source === null ? null : countedBy(source as Variable)
  return node === null ? null : (node.params as ScanParams).length
}
