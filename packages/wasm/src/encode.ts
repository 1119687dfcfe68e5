/**
 * Encode: numbers, strings and vectors  →  the bytes of the WebAssembly binary format.
 *
 * One growable buffer serves a whole module. Sizes that precede their content are
 * written afterwards by sliding the content, so nothing is ever measured twice.
 */

const utf8 = new TextEncoder()

/** A growable byte buffer that knows the primitive encodings of the binary format. */
export class ByteWriter {
  private buffer: Uint8Array<ArrayBuffer>
  private view: DataView
  private count = 0

  constructor(capacity = 1024) {
    this.buffer = new Uint8Array(Math.max(16, capacity))
    this.view = new DataView(this.buffer.buffer)
  }

  /** Number of bytes written so far. */
  get length(): number {
    return this.count
  }

  /** One byte. */
  byte(value: number): void {
    if (this.count === this.buffer.length) this.reserve(1)
    this.buffer[this.count++] = value
  }

  /** An opcode and a small number: what most instructions are. */
  indexed(opcode: number, index: number): void {
    if (this.count + 6 > this.buffer.length) this.reserve(6)
    this.buffer[this.count++] = opcode
    if (index < 0x80) this.buffer[this.count++] = index
    else this.u32(index)
  }

  /** Bytes as they are. */
  bytes(values: Uint8Array | readonly number[]): void {
    if (this.count + values.length > this.buffer.length) this.reserve(values.length)
    if (values.length > 16) {
      this.buffer.set(values, this.count)
      this.count += values.length
    } else for (let i = 0; i < values.length; i++) this.buffer[this.count++] = values[i]!
  }

  /** Unsigned LEB128 of an integer in [0, 2³²). */
  u32(value: number): void {
    if (this.count + 5 > this.buffer.length) this.reserve(5)
    let rest = value >>> 0
    while (rest >= 0x80) {
      this.buffer[this.count++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.buffer[this.count++] = rest
  }

  /** Signed LEB128 of a 32-bit integer. */
  s32(value: number): void {
    if (this.count + 5 > this.buffer.length) this.reserve(5)
    let rest = value | 0
    // The last byte's bit 6 is the sign, hence the window [-64, 64).
    while (rest < -64 || rest >= 64) {
      this.buffer[this.count++] = (rest & 0x7f) | 0x80
      rest >>= 7
    }
    this.buffer[this.count++] = rest & 0x7f
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
    this.reserve(4)
    this.view.setFloat32(this.count, value, true)
    this.count += 4
  }

  /** Eight bytes, little-endian. */
  f64(value: number): void {
    this.reserve(8)
    this.view.setFloat64(this.count, value, true)
    this.count += 8
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
    const start = this.count
    write()
    const size = this.count - start
    this.reserve(5)
    this.buffer.copyWithin(start + sizeOfU32(size), start, this.count)
    this.count = start
    this.u32(size)
    this.count += size
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.buffer.slice(0, this.count)
  }

  /** Makes room for `count` bytes. Those who write little ask whether there is room themselves: a call costs more. */
  private reserve(count: number): void {
    const needed = this.count + count
    if (needed <= this.buffer.length) return
    const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2))
    grown.set(this.buffer)
    this.buffer = grown
    this.view = new DataView(grown.buffer)
  }
}

function sizeOfU32(value: number): number {
  let size = 1
  for (let rest = value >>> 7; rest !== 0; rest >>>= 7) size++
  return size
}
