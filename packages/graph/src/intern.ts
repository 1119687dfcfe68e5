/**
 * A table of objects by key that does not keep them alive.
 *
 * Dead entries are swept out whenever the table has doubled since the last sweep: registering every object with a
 * FinalizationRegistry costs several microseconds each, a sweep a small fraction of that.
 */
export class InternTable<T extends object> {
  private readonly entries = new Map<string, WeakRef<T>>()
  private nextSweep = 4096

  get(key: string): T | undefined {
    return this.entries.get(key)?.deref()
  }

  set(key: string, object: T): void {
    this.entries.set(key, new WeakRef(object))
    if (this.entries.size >= this.nextSweep) this.sweep()
  }

  get size(): number {
    return this.entries.size
  }

  private sweep(): void {
    for (const [key, entry] of this.entries) if (entry.deref() === undefined) this.entries.delete(key)
    this.nextSweep = Math.max(4096, 2 * this.entries.size)
  }
}
