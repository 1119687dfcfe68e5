/** Every message of this package, with its code. */
import {
  type Apply,
  ArgumentError,
  ArignoteError,
  type DimSymbol,
  printDim,
  printType,
  type Requirement,
  ShapeError,
  type Variable,
} from '@arignote/graph'

const list = (shape: readonly number[]) => `[${shape.join(', ')}]`

/** `x : f32[batch, 128]   (input "x")`. */
const described = (v: Variable) => `  ${v.name ?? '(unnamed)'} : ${printType(v.type)}`

const places = (node: Apply | null): string[] =>
  (node?.origins ?? []).flatMap(({ place }) => (place === null ? [] : [`  created at ${place}`]))

const lines = (...parts: (string | readonly string[])[]) => parts.flat().join('\n')

export function indexOutOfRange(node: Apply, index: number, size: number): ArgumentError {
  return new ArgumentError(
    'E301',
    lines(
      `${node.op.name}: index ${index} is out of range for an axis of ${size}`,
      node.inputs.map(described),
      places(node),
    ),
  )
}

export function memoryExhausted(bytes: number, present: number, most: number): ArignoteError {
  const mib = (n: number) => `${(n / 2 ** 20).toFixed(1)} MiB`
  return new ArignoteError(
    'E302',
    `the heap is full: ${mib(bytes)} more are needed, ${mib(present)} are in use, and ${mib(most)} is the most there can be`,
  )
}

export function wrongSize(
  param: Variable,
  axis: number,
  expected: number,
  shape: readonly number[],
): ShapeError {
  return new ShapeError(
    'E303',
    lines(`axis ${axis} must have ${expected} elements, but the shape is ${list(shape)}`, described(param)),
  )
}

export function sizeConflict(
  s: DimSymbol,
  a: Variable,
  sizeA: number,
  b: Variable,
  sizeB: number,
): ShapeError {
  return new ShapeError(
    'E304',
    lines(
      `the size ${s.name ?? '?'} is ${sizeA} in one place and ${sizeB} in another`,
      described(a),
      described(b),
    ),
  )
}

export function sizeUnbound(s: DimSymbol): ShapeError {
  return new ShapeError('E305', `nothing tells the size ${s.name ?? '?'}`)
}

export function sizeRequired(node: Apply | null, r: Requirement, left: number, right: number): ShapeError {
  return new ShapeError(
    'E306',
    lines(`${r.rule}: ${printDim(r.left)} = ${left}, ${printDim(r.right)} = ${right}`, places(node)),
  )
}
