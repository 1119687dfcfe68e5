/**
 * A program as text: a line per kernel with what it reads and writes, repeats indented. Names are given by position.
 */
import { printDim } from '@arignote/graph'
import { dtypeInfo } from '@arignote/loops'
import type { Buffer, BufferRef, Call, Program, Step } from './program.js'

export function printProgram(
  program: Program<Call>,
  aliases: ReadonlyMap<Buffer, Buffer> = new Map(),
): string {
  const names = new Map<Buffer, string>()
  const nameOf = (buffer: Buffer): string => {
    let name = names.get(buffer)
    if (name === undefined) {
      const number = [...names.values()].filter(other => other.replace(/~\d+$/, '') === buffer.name).length
      name = number === 0 ? buffer.name : `${buffer.name}~${number + 1}`
      names.set(buffer, name)
    }
    return name
  }
  const refText = ({ buffer, offset, perTrip }: BufferRef) => {
    const moves = perTrip.map(({ trip, stride, ring, phase }) => {
      const at =
        trip === null ? printDim(phase) : phase === 0 ? `t${trip.depth}` : `t${trip.depth}+${printDim(phase)}`
      return `${printDim(stride)}·${ring === null ? at : `(${at} mod ${ring.slots})`}`
    })
    const parts = [...(offset === 0 ? [] : [printDim(offset)]), ...moves]
    return parts.length === 0 ? nameOf(buffer) : `${nameOf(buffer)}[${parts.join(' + ')}]`
  }
  const lines: string[] = []
  const walk = (steps: readonly Step<Call>[], indent: string) => {
    for (const step of steps) {
      if (step.kind === 'repeat') {
        lines.push(`${indent}repeat ${step.name} t${step.trip.depth} < ${printDim(step.count)}`)
        walk(step.body, `${indent}  `)
      } else {
        const written = step.writes.map(refText).join(', ')
        const read = step.reads.filter(ref => !step.writes.includes(ref)).map(refText)
        lines.push(`${indent}${written} ← ${step.task.kernel.name}(${read.join(', ')})`)
      }
    }
  }
  walk(program.steps, '')
  program.outputs.forEach(({ ref }, i) => {
    lines.push(`output ${i}: ${refText(ref)}`)
  })
  for (const { shared, from } of program.commits) {
    const inPlace = aliases.has(from.ref.buffer) ? ' in place' : ''
    lines.push(`${shared.name ?? 'shared'} := ${refText(from.ref)}${inPlace}`)
  }
  const declared = [...names].map(([buffer, name]) => {
    return `${name}: ${buffer.role} ${dtypeInfo[buffer.dtype].short}[${printDim(buffer.size)}]`
  })
  return [...declared, '', ...lines].join('\n')
}
