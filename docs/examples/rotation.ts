/**
 * Rotations: a gl-matrix `mat4` is a value like any other, without a copy, and a scan applies it step by step.
 *
 *     npm start -- rotation
 */
import { compile, dot, matrix, type NdArray, scalar, scan } from 'arignote'
import { mat4, vec4 } from 'gl-matrix'
import ndarray from 'ndarray'
import { runIfMain } from './lib/command-line.js'

/** gl-matrix puts columns one after the other: the next row is 1 number further, the next column 4. */
export const view = (m: Float32Array): NdArray => ndarray(m, [4, 4], [1, 4])

/** A function (R, points, steps) → where the points are after each step of p ← R·p: (steps, 4, points). */
export function compileOrbit() {
  const R = matrix('R', { shape: [4, 4] })
  const points = matrix('points', { shape: [4, null] })
  const steps = scalar('steps', 'int32')
  const { p } = scan(({ p }) => ({ p: dot(R, p) }), { state: { p: points }, steps })
  return compile([R, points, steps], p.all, { name: 'orbit' })
}

/** The same with gl-matrix alone, for one point. */
export function orbitByHand(m: mat4, point: vec4, steps: number): number[][] {
  const p = vec4.clone(point)
  return Array.from({ length: steps }, () => [...vec4.transformMat4(p, p, m)])
}

function main(): void {
  const orbit = compileOrbit()
  const m = new Float32Array(16)
  const R = view(m)
  const start = new Float32Array([1, 0, 0, 1])

  // Each turn writes into `m`; `R` looks at it, and needs no telling.
  for (const [degrees, axis] of [
    [30, [0, 0, 1]],
    [45, [1, 1, 1]],
  ] as const) {
    const steps = 360 / degrees
    mat4.fromRotation(m, (degrees * Math.PI) / 180, [...axis])
    const path = orbit(R, ndarray(start, [4, 1]), steps)
    const byHand = orbitByHand(m, start, steps)

    console.log(`\n${steps} turns of ${degrees}° about (${axis.join(', ')}):\n`)
    console.log(' step        x        y        z     off by')
    for (let k = 0; k < steps; k++) {
      const p = [0, 1, 2].map(axis => path.get(k, axis, 0))
      const off = Math.max(...p.map((value, axis) => Math.abs(value - byHand[k]![axis]!)))
      const columns = p.map(value =>
        value
          .toFixed(4)
          .replace(/^-(0\.0+)$/, ' $1')
          .padStart(9),
      )
      console.log(`${String(k + 1).padStart(5)}${columns.join('')}  ${off.toExponential(1).padStart(9)}`)
    }
  }
  console.log('\n"off by": the scan against gl-matrix, turning the point one step after the other.')
}

const program = {
  name: 'rotation',
  says: 'A scan turns a point in space by a matrix of gl-matrix, seen without a copy.',
  options: {},
}

runIfMain(import.meta.url, program, main)
