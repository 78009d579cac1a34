import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'

/** A disk of its own, so small that it is soon full. To be removed at the end of the test. */
export class SmallDisk {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  /** Mounts one. `null`, and a line that says so, where this machine doesn't allow that. */
  static async mount(size: string): Promise<SmallDisk | null> {
    const folder = await mkdtemp(join(tmpdir(), 'headway-disk-'))
    try {
      mount(['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder])
      return new SmallDisk(folder)
    } catch {
      await rm(folder, { recursive: true })
      process.stdout.write('    not run: this machine does not let the test mount a small disk\n')
      return null
    }
  }

  /** Makes it larger, as if somebody had tidied up. */
  grow(size: string): void {
    mount(['-o', `remount,size=${size}`, this.folder])
  }

  async remove(): Promise<void> {
    execFileSync('umount', [this.folder])
    await rm(this.folder, { recursive: true })
  }
}

function mount(options: string[]): void {
  execFileSync('mount', options, { stdio: 'ignore' })
}
