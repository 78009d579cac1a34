import { dirname } from 'node:path'
import { mkdirSync, statSync } from 'node:fs'

/**
 * Makes a folder and those above it, or throws why not. Not by `recursive`, which tries for ever
 * where the kernel denies a folder with ENOENT, as below /proc (seen in Node 20 and 24).
 */
export function makeStateFolder(folder: string): void {
  if (isFolder(folder)) return
  if (dirname(folder) !== folder) makeStateFolder(dirname(folder))
  try {
    mkdirSync(folder)
  } catch (error) {
    // Another process may have been faster.
    if (!isFolder(folder)) throw error
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
