/** Installs the workspace when the lockfile has changed since the last time. */
import { install } from './workspace.mjs'

install()
