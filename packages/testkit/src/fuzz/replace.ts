/** Values of a program in the place of others. */
import type { Variable } from '@arignote/graph'
import { Environment, leafOf } from './build.js'
import { type Arg, type Id, idOf, type Line, mapRefs, type Program, type Source } from './program.js'

export function variablesOf(program: Program): ReadonlyMap<Id, Variable> {
  const environment = new Environment()
  try {
    for (const source of program.sources) environment.values.set(source.id, leafOf(source, program.sizes))
    environment.run(program.lines)
  } catch {
    // What was made before it failed is there.
  }
  return environment.values
}

/** An input of the type; null where its sizes have no names. */
export function leafLike({ dtype, shape }: Pick<Variable, 'dtype' | 'shape'>, id: Id): Source | null {
  const sizes = shape.map(n => (typeof n === 'number' ? n : n.toString()))
  if (sizes.some(n => typeof n === 'string' && !/^\w+$/.test(n))) return null
  const whole = !dtype.startsWith('float')
  return {
    id,
    kind: 'input',
    dtype,
    shape: sizes,
    seed: 1,
    low: whole ? 0 : 0.2,
    high: whole ? 1 : 0.9,
    whole,
  }
}

export function freshId(program: Program): Id {
  const inLine = (line: Line): Id =>
    line.kind === 'call'
      ? line.id
      : Math.max(
          line.id,
          ...[...line.sequences, ...line.states].flatMap(s => s.params),
          ...[...line.states, ...line.outputs].flatMap(({ all, last }) => [all ?? 0, last ?? 0]),
          ...line.lines.map(inLine),
        )
  return 1 + Math.max(...program.sources.map(s => s.id), ...program.lines.map(inLine), 0)
}

/** Whatever read one value reads another. */
export function replaced(program: Program, id: Id, by: Id): Program {
  const image = (other: Id) => (other === id ? by : other)
  return {
    ...program,
    lines: replacedIn(program.lines, id, by),
    outputs: program.outputs.map(image),
    updates: program.updates.map(u => ({ ...u, value: image(u.value) })),
  }
}

export function replacedIn(lines: readonly Line[], id: Id, by: Id): readonly Line[] {
  const image = (other: Id) => (other === id ? by : other)
  const inArg = (arg: Arg) =>
    mapRefs(arg, ref => (idOf(ref) !== id ? ref : 'ref' in ref ? { ref: by } : { ...ref, size: by }))
  return lines.map(line =>
    line.kind === 'call'
      ? { ...line, args: line.args.map(inArg) }
      : {
          ...line,
          sequences: line.sequences.map(s => ({ ...s, from: image(s.from) })),
          states: line.states.map(s => ({ ...s, initial: image(s.initial), next: image(s.next) })),
          outputs: line.outputs.map(o => ({ ...o, value: image(o.value) })),
          lines: replacedIn(line.lines, id, by),
          until: line.until === null ? null : image(line.until),
          options: inArg(line.options) as typeof line.options,
        },
  )
}
