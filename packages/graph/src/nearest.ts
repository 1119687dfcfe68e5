/** Names for hints: which of those there are did somebody mean? */

/** The name with the fewest edits from `wanted`; null if the nearest one shares less than half of it, or no letter. */
export function nearestName(wanted: string, names: Iterable<string>): string | null {
  let best: string | null = null
  let least = Number.POSITIVE_INFINITY
  for (const name of names) {
    const edits = distance(wanted.toLowerCase(), name.toLowerCase())
    if (edits >= least) continue
    least = edits
    best = name
  }
  if (best === null || least >= Math.max(wanted.length, best.length)) return null
  return least <= Math.max(2, best.length / 2) ? best : null
}

/** How many characters must be put in, left out or changed (Levenshtein 1966). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]!
}
