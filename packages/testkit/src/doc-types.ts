/**
 * Doc types: the `ts` blocks of documents  →  the type errors in them, at their place in the document.
 *
 * Writes the programs into a folder inside testkit (so that imports resolve as in a package that has them all) and
 * runs the compiler once over them. Only errors inside the blocks count: sources have their own check.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DocBlock } from './doc-blocks.js'

const options = {
  composite: false,
  noEmit: true,
  declarationMap: false,
  rootDir: '../../../..',
  // As readers' projects are by default.
  noUncheckedIndexedAccess: false,
  exactOptionalPropertyTypes: false,
}

/** Type errors as `file:line: message`. `root` is the folder of the workspace. */
export function typeErrors(root: string, blocks: readonly DocBlock[]): string[] {
  if (blocks.length === 0) return []
  const parent = join(root, 'packages/testkit/.docs')
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'blocks-'))
  try {
    blocks.forEach((block, n) => {
      writeFileSync(join(folder, `${n}.ts`), `${block.program}export {}\n`)
    })
    const config = { extends: '../../../../tsconfig.base.json', compilerOptions: options, include: ['*.ts'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    })
    const found = [...stdout.matchAll(/^(\d+)\.ts\((\d+),\d+\): error (.*(?:\n .*)*)/gm)]
    if (status !== 0 && !/error TS/.test(stdout)) return [`the compiler did not run: ${stderr}${stdout}`]
    return found.map(([, n, line, message]) => `${blocks[Number(n)]!.file}:${line}: ${message}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
