/**
 * Encode: numbers, strings and vectors  →  the bytes of the WebAssembly binary format.
 *
 * One growable buffer serves a whole module. Sizes that precede their content are
 * written afterwards by sliding the content, so nothing is ever measured twice.
 */

const utf8 = new TextEncoder()

/** A growable byte buffer that knows the primitive encodings of the binary format. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView
  #length = 0

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(Math.max(16, capacity))
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** Number of bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** One byte. */
  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** Bytes as they are. */
  bytes(values: Uint8Array | readonly number[]): void {
    if (this.#length + values.length > this.#bytes.length) this.#reserve(values.length)
    if (values.length > 16) {
      this.#bytes.set(values, this.#length)
      this.#length += values.length
    } else for (let i = 0; i < values.length; i++) this.#bytes[this.#length++] = values[i]!
  }

  /** Unsigned LEB128 of an integer in [0, 2³²). */
  u32(value: number): void {
    if (this.#length + 5 > this.#bytes.length) this.#reserve(5)
    let rest = value >>> 0
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#length++] = rest
  }

  /** Signed LEB128 of a 32-bit integer. */
  s32(value: number): void {
    this.#reserve(5)
    let rest = value | 0
    // The last byte's bit 6 is the sign, hence the window [-64, 64).
    while (rest < -64 || rest >= 64) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80
      rest >>= 7
    }
    this.#bytes[this.#length++] = rest & 0x7f
  }

  /** Unsigned LEB128 of an integer in [0, 2⁶⁴). */
  u64(value: bigint): void {
    let rest = BigInt.asUintN(64, value)
    while (rest >= 0x80n) {
      this.byte(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    this.byte(Number(rest))
  }

  /** Signed LEB128 of a 64-bit integer. */
  s64(value: bigint): void {
    let rest = BigInt.asIntN(64, value)
    while (rest < -64n || rest >= 64n) {
      this.byte(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    this.byte(Number(rest & 0x7fn))
  }

  /** Four bytes, little-endian. */
  f32(value: number): void {
    this.#reserve(4)
    this.#view.setFloat32(this.#length, value, true)
    this.#length += 4
  }

  /** Eight bytes, little-endian. */
  f64(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  /** A name: byte count, then UTF-8. */
  string(text: string): void {
    const bytes = utf8.encode(text)
    this.u32(bytes.length)
    this.bytes(bytes)
  }

  /** A vector: element count, then the elements. */
  vector<T>(items: readonly T[], write: (item: T, index: number) => void): void {
    this.u32(items.length)
    items.forEach(write)
  }

  /** Content preceded by its size in bytes. */
  sized(write: () => void): void {
    const start = this.#length
    write()
    const size = this.#length - start
    this.#reserve(5)
    this.#bytes.copyWithin(start + sizeOfU32(size), start, this.#length)
    this.#length = start
    this.u32(size)
    this.#length += size
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }

  /** Makes room for `count` bytes. Those who write little ask whether there is room themselves: a call costs more. */
  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes)
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

function sizeOfU32(value: number): number {
  let size = 1
  for (let rest = value >>> 7; rest !== 0; rest >>>= 7) size++
  return size
}
