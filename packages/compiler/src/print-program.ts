/**
 * A program as text: a line per kernel with what it reads and writes, repeats and branches indented. Names are given by position.
 */
import { type EffectParams, printDim } from '@arignote/graph'
import { dtypeInfo } from '@arignote/loops'
import {
  type Aliases,
  type Buffer,
  type BufferRef,
  type Call,
  isInPlace,
  type Program,
  type Step,
  stepsIn,
} from './program.js'

export function printProgram(program: Program<Call>, aliases: Aliases = new Map()): string {
  const names = nameBuffers(program)
  const nameOf = (buffer: Buffer) => names.get(buffer)!
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
        const { exit, name, trip, count, numbering } = step
        const until = exit === null ? '' : ` until ${refText(exit.condition)}`
        const each =
          numbering === null || numbering.each === 1 ? '' : `, ${printDim(numbering.each)} steps each`
        lines.push(`${indent}repeat ${name} t${trip.depth} < ${printDim(count)}${each}${until}`)
        walk(step.body, `${indent}  `)
        for (const { from, to } of exit?.finals ?? [])
          lines.push(`${indent}${refText(to)} ← ${refText(from)}`)
      } else if (step.kind === 'branch') {
        lines.push(`${indent}if ${refText(step.condition)}`)
        walk(step.thenSteps, `${indent}  `)
        lines.push(`${indent}else`)
        walk(step.elseSteps, `${indent}  `)
      } else if (step.kind === 'host') {
        const { text } = step.node.params as EffectParams
        const said = text === null ? '' : ` ${JSON.stringify(text)}`
        lines.push(`${indent}${step.node.op.name}(${refText(step.value.ref)})${said}`)
      } else {
        const written = step.writes.map(refText).join(', ')
        const read = step.reads.filter(ref => !step.writes.includes(ref)).map(refText)
        lines.push(`${indent}${written} ← ${step.task.kernel.name}(${read.join(', ')})`)
      }
    }
  }
  walk(program.steps, '')
  for (const { symbol, place } of program.late)
    lines.push(`size ${symbol.name ?? '?'}: ${refText(place.ref)}`)
  program.outputs.forEach(({ ref }, i) => {
    lines.push(`output ${i}: ${refText(ref)}`)
  })
  for (const commit of program.commits) {
    const inPlace = isInPlace(aliases, commit) ? ' in place' : ''
    lines.push(`${commit.shared.name ?? 'shared'} := ${refText(commit.from.ref)}${inPlace}`)
  }
  const declared = [...names].map(([buffer, name]) => {
    const count = buffer.ring?.slots ?? 1
    const slots = count > 1 ? ` ×${count}` : ''
    return `${name}: ${buffer.role} ${dtypeInfo[buffer.dtype].short}[${printDim(buffer.size)}]${slots}`
  })
  return [...declared, '', ...lines].join('\n')
}

/** A name for every buffer: its own, numbered where several have it, in the order of the text. */
export function nameBuffers(program: Program<Call>): ReadonlyMap<Buffer, string> {
  const names = new Map<Buffer, string>()
  const counts = new Map<string, number>()
  const meet = ({ buffer }: BufferRef) => {
    if (names.has(buffer)) return
    const count = (counts.get(buffer.name) ?? 0) + 1
    counts.set(buffer.name, count)
    names.set(buffer, count === 1 ? buffer.name : `${buffer.name}~${count}`)
  }
  const walk = (steps: readonly Step<Call>[]) => {
    for (const step of steps) {
      if (step.kind === 'run') for (const ref of [...step.writes, ...step.reads]) meet(ref)
      if (step.kind === 'branch') meet(step.condition)
      if (step.kind === 'host') meet(step.value.ref)
      walk(stepsIn(step))
      if (step.kind === 'repeat' && step.exit !== null) {
        meet(step.exit.condition)
        for (const { from, to } of step.exit.finals) [from, to].forEach(meet)
      }
    }
  }
  walk(program.steps)
  for (const { place } of program.late) meet(place.ref)
  for (const { ref } of program.outputs) meet(ref)
  for (const { from } of program.commits) meet(from.ref)
  return names
}
