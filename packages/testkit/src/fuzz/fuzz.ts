/**
 * The fuzzer: seeds  →  programs that back ends disagree about, shrunk and printed.
 *
 * fast-check draws and shrinks; each program has a seed of its own, by which it can be drawn again.
 */
import { ruleNames } from '@arignote/compiler'
import * as fc from 'fast-check'
import type { Mode } from '../agree.js'
import type { Built } from './build.js'
import { programOf } from './generate.js'
import { judge, type Verdict } from './judge.js'
import { printTest } from './print.js'
import { lineCount, type Program } from './program.js'
import { smaller } from './shrink.js'

/** Programs, for properties of one's own. */
class Programs extends fc.Arbitrary<Program> {
  generate(random: fc.Random): fc.Value<Program> {
    return new fc.Value(programOf(random.nextInt()), undefined)
  }

  canShrinkWithoutContext(value: unknown): value is Program {
    return typeof value === 'object' && value !== null
  }

  shrink(value: Program): fc.Stream<fc.Value<Program>> {
    return new fc.Stream(
      (function* () {
        for (const candidate of smaller(value)) yield new fc.Value(candidate, undefined)
      })(),
    )
  }
}

export const programs = (): fc.Arbitrary<Program> => new Programs()

export interface Finding {
  /** Draws the program again. */
  readonly seed: number
  readonly program: Program
  readonly lines: number
  /** What is wrong with the shrunk program. */
  readonly message: string
  /** A test in TypeScript. */
  readonly text: string
}

export interface FuzzOptions {
  readonly seed: number
  readonly count: number
  /** Shown each program and its graph, before it is run. */
  readonly seen?: (program: Program, built: Built) => void
  readonly found?: (finding: Finding) => void
  readonly excused?: (seed: number, message: string) => void
  /** After each program. */
  readonly progress?: (done: number) => void
}

export interface FuzzResult {
  readonly findings: readonly Finding[]
  readonly excused: number
}

/** Draws `count` programs with seeds from `seed` on. */
export function fuzz(options: FuzzOptions): FuzzResult {
  const findings: Finding[] = []
  let excused = 0
  for (let i = 0; i < options.count; i++) {
    const seed = options.seed + i
    const finding = fuzzOne(seed, options, message => {
      excused++
      options.excused?.(seed, message)
    })
    if (finding !== null) {
      findings.push(finding)
      options.found?.(finding)
    }
    options.progress?.(i + 1)
  }
  return { findings, excused }
}

function fuzzOne(seed: number, { seen }: FuzzOptions, excuse: (message: string) => void): Finding | null {
  let first: Extract<Verdict, { readonly kind: 'finding' }> | null = null
  let latest = ''
  const property = fc.property(programs(), program => {
    // Once something is found, only what is wrong in the same way counts, and only the mode that showed it is run.
    const options =
      first === null
        ? { seen: (built: Built) => seen?.(program, built) }
        : first.mode === null
          ? {}
          : { modes: [first.mode] }
    const verdict = judge(program, options)
    if (verdict.kind === 'excused' && first === null) excuse(verdict.message)
    if (verdict.kind !== 'finding') return true
    if (first !== null && !alike(first, verdict)) return true
    first ??= verdict
    latest = verdict.message
    return false
  })
  let details: fc.RunDetails<[Program]>
  try {
    details = fc.check(property, { seed, numRuns: 1 }) as fc.RunDetails<[Program]>
  } catch (error) {
    const message = `while it was drawn: ${error instanceof Error ? error.message : error}`
    return { seed, program: nothing, lines: 0, message, text: `// seed ${seed}: ${message}\n` }
  }
  if (!details.failed) return null
  const [program] = details.counterexample!
  const { mode } = first as unknown as Found
  const guilty = rulesAtFault(program, mode).map(name => `without the rule "${name}" they agree`)
  const head = [`npm run fuzz -- --seed ${seed} --count 1`, ...latest.split('\n'), ...guilty]
  const text = printTest(program, `fuzz: seed ${seed}`, head)
  return { seed, program, lines: lineCount(program.lines), message: latest, text }
}

/** The rules without which there is nothing to find. */
function rulesAtFault(program: Program, mode: Mode | null): readonly string[] {
  if (mode === null || mode.options.optimize !== true) return []
  return ruleNames.filter(name => {
    const without: Mode = { ...mode, options: { ...mode.options, optimize: { without: [name] } } }
    return judge(program, { modes: [without] }).kind === 'agree'
  })
}

const nothing: Program = { sizes: {}, sources: [], lines: [], outputs: [], updates: [], calls: 1 }

type Found = Extract<Verdict, { readonly kind: 'finding' }>

/** Wrong in the same way: both disagree, or the same side throws, with messages that begin alike. */
function alike(a: Found, b: Found): boolean {
  if ((a.mode === null) !== (b.mode === null) || a.throws !== b.throws) return false
  const kind = (message: string) => message.split('\n')[0]!.replace(/\d+/g, 'n').slice(0, 60)
  return !a.throws || kind(a.message) === kind(b.message)
}
