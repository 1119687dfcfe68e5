/** The specialisations of one compiled function, by the values of its size symbols; the least recently used one goes. */
export class Specialisations<T> {
  readonly #entries = new Map<string, T>()

  constructor(private readonly most = 64) {}

  get size(): number {
    return this.#entries.size
  }

  keys(): Iterable<string> {
    return this.#entries.keys()
  }

  values(): readonly T[] {
    return [...this.#entries.values()]
  }

  get(key: string, make: () => T): T {
    const known = this.#entries.get(key)
    const entry = known ?? make()
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (this.#entries.size > this.most) this.#entries.delete(this.#entries.keys().next().value!)
    return entry
  }
}
