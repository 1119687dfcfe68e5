/**
 * Samples: small programs, each with the text of every form that it passes through.
 *
 * A sample is a folder `samples/<name>` with `graph.ts`, which exports `sample`, and `_expected/*.txt`. The texts hold
 * for a machine with plain SIMD, whatever engine runs the tests, and whatever was compiled before.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Call, type Forms, formsOf, type Outputs, type Step, stepsIn } from '@arignote/compiler'
import type { Shared, Value, Variable } from '@arignote/graph'

export interface Sample {
  readonly inputs: readonly Variable[]
  readonly outputs: Outputs
  readonly updates?: readonly (readonly [Shared, Variable])[]
  readonly args: readonly Value[]
  /** How many kernel calls the program is written with; one in a loop counts once. */
  readonly kernels: number
  /** What else must hold of its forms; throws where it does not. */
  readonly check?: (forms: Forms) => void
}

const forms = ['graph', 'optimized', 'program', 'kernels', 'plan'] as const

/** The names of the samples in a folder. */
export function sampleNames(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(x => (x.isDirectory() ? [x.name] : []))
}

export function formsOfSample({ inputs, outputs, updates = [], args }: Sample): Forms {
  return formsOf(inputs, outputs, args, { updates })
}

/** Writes the expected texts of a sample anew. */
export function writeExpected(folder: string, name: string, { texts }: Forms): void {
  const home = join(folder, name, '_expected')
  mkdirSync(home, { recursive: true })
  for (const form of forms) writeFileSync(join(home, `${form}.txt`), `${texts[form]}\n`)
}

/** For each form the expected text and the one there is. */
export function expectedTexts(
  folder: string,
  name: string,
  { texts }: Forms,
): readonly { readonly form: string; readonly expected: string; readonly actual: string }[] {
  return forms.map(form => {
    const path = join(folder, name, '_expected', `${form}.txt`)
    return { form, expected: readFileSync(path, 'utf8'), actual: `${texts[form]}\n` }
  })
}

/** Every kernel call of these steps, loops included. */
export function callsIn(steps: readonly Step<Call>[]): readonly Call[] {
  return steps.flatMap(step => (step.kind === 'run' ? [step.task] : callsIn(stepsIn(step))))
}

/**
 * What a program does, in short: `contract` for a contraction, `map` for whatever else is neither a packing of panels nor
 * a check of indices; loops in brackets, as in `contract [contract map] map`, branches in braces, effects by name.
 */
export function outline(steps: readonly Step<Call>[]): string {
  return steps
    .flatMap(step => {
      if (step.kind === 'repeat') return [`[${outline(step.body)}]`]
      if (step.kind === 'branch') return [`{${outline(step.thenSteps)} | ${outline(step.elseSteps)}}`]
      if (step.kind === 'host') return [step.node.op.name]
      const { name } = step.task.kernel
      if (name === 'pack' || name === 'check') return []
      return [name === 'contract' ? name : 'map']
    })
    .join(' ')
}

/** The outlines of the loops, outermost ones only. */
export function loopsOf(steps: readonly Step<Call>[]): readonly string[] {
  return steps.flatMap(step => (step.kind === 'repeat' ? [outline(step.body)] : []))
}

/** How many contractions are outside every loop. */
export function contractionsOutside(steps: readonly Step<Call>[]): number {
  return steps.filter(step => step.kind === 'run' && step.task.kernel.name === 'contract').length
}

/** Throws unless the two are equal. */
export function expectEqual(what: string, actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a !== b) throw new Error(`${what}: ${a}, expected ${b}`)
}
