/**
 * Random orthogonal matrices, uniformly distributed (Haar): what the QR decomposition of a matrix of normal numbers gives,
 * without the matrix.
 *
 * The reflectors of that decomposition are themselves those of independent normal vectors, so they are drawn, not computed
 * (Stewart 1980); the signs make R's diagonal positive (Mezzadri 2007). Column j of Q is H₀ H₁ ⋯ Hⱼ eⱼ: columns do not
 * depend on one another, and four at a time pass by each reflector while they stay in the cache.
 */
import { normalDraws } from './draws.js'

/**
 * Calls `put` with every element of a rows × columns matrix with orthonormal columns, rows ≥ columns. 2·rows·columns²
 * operations, memory for one more matrix.
 */
export function orthonormalColumns(
  rows: number,
  columns: number,
  seed: number,
  put: (row: number, column: number, value: number) => void,
): void {
  const { vectors, signs, products } = reflectors(rows, columns, seed)
  const block = Array.from({ length: 4 }, () => new Float64Array(rows))
  for (let first = 0; first < columns; first += 4) {
    const last = Math.min(first + 4, columns)
    for (let j = first; j < last; j++) {
      block[j - first]!.fill(0)
      block[j - first]![j] = 1
    }
    for (let pair = (last - 1) >> 1; pair >= 0; pair--)
      reflect(vectors, rows, 2 * pair, products[pair]!, block)
    for (let j = first; j < last; j++) {
      const column = block[j - first]!
      for (let i = 0; i < rows; i++) put(i, j, column[i]! * signs[j]!)
    }
  }
}

/**
 * Vector k, of rows k and on, is scaled so that Hₖ = I − v vᵀ; one of zeros makes their number even. `products` are those of
 * each pair's vectors.
 */
function reflectors(rows: number, columns: number, seed: number) {
  const normal = normalDraws(seed)
  const vectors = new Float64Array(rows * (columns + 1))
  const signs = new Float64Array(columns)
  for (let k = 0; k < columns; k++) {
    const v = vectors.subarray(k * rows, (k + 1) * rows)
    let squares = 0
    for (let i = k; i < rows; i++) {
      const x = normal()
      v[i] = x
      squares += x * x
    }
    const norm = Math.sqrt(squares)
    const sign = v[k]! < 0 ? -1 : 1
    const scale = 1 / Math.sqrt(norm * (norm + Math.abs(v[k]!)))
    v[k] = v[k]! + sign * norm
    for (let i = k; i < rows; i++) v[i] = v[i]! * scale
    signs[k] = -sign
  }
  const products = new Float64Array((columns + 1) >> 1)
  for (let pair = 0; pair < products.length; pair++) {
    const at = 2 * pair * rows
    for (let i = 0; i < rows; i++) products[pair]! += vectors[at + i]! * vectors[at + rows + i]!
  }
  return { vectors, signs, products }
}

/** c ← Hₖ Hₖ₊₁ c = c − u (u·c − (u·v)(v·c)) − v (v·c) for four columns, u and v the vectors k and k + 1. */
function reflect(
  vectors: Float64Array,
  rows: number,
  k: number,
  product: number,
  [a, b, c, d]: readonly Float64Array[],
): void {
  const [w, x, y, z] = [a!, b!, c!, d!]
  const [us, vs] = [k * rows, (k + 1) * rows]
  let uw = 0
  let ux = 0
  let uy = 0
  let uz = 0
  let vw = 0
  let vx = 0
  let vy = 0
  let vz = 0
  for (let i = k; i < rows; i++) {
    const u = vectors[us + i]!
    const v = vectors[vs + i]!
    const wi = w[i]!
    const xi = x[i]!
    const yi = y[i]!
    const zi = z[i]!
    uw += u * wi
    ux += u * xi
    uy += u * yi
    uz += u * zi
    vw += v * wi
    vx += v * xi
    vy += v * yi
    vz += v * zi
  }
  uw -= product * vw
  ux -= product * vx
  uy -= product * vy
  uz -= product * vz
  for (let i = k; i < rows; i++) {
    const u = vectors[us + i]!
    const v = vectors[vs + i]!
    w[i] = w[i]! - u * uw - v * vw
    x[i] = x[i]! - u * ux - v * vx
    y[i] = y[i]! - u * uy - v * vy
    z[i] = z[i]! - u * uz - v * vz
  }
}
