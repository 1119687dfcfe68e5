/** Jest's global setup: what tests write to the folder for temporary files goes when they are done. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export default function setup() {
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'arignote-tests-'))
}
