/** Jest's global teardown: removes the folder that `jest-setup.mjs` made. */
import { rmSync } from 'node:fs'

export default function teardown() {
  rmSync(process.env.TMPDIR, { recursive: true, force: true })
  delete process.env.TMPDIR // for another run of the same process
}
