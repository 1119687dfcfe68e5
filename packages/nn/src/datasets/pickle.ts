/**
 * A pickle of a NumPy array of Python objects, as npy files hold it  →  its shape and its elements.
 *
 * A pickle is a program that names functions and calls them. Here it finds those that an array of NumPy names, and none of them
 * does more than keep what it is given: whatever else a pickle names is an error, and nothing of it is run.
 */
import { BufferReader, Parser } from 'pickleparser'

export interface ObjectArray {
  readonly shape: readonly number[]
  /** Rows first. What Python had as numbers, texts, lists and tuples are numbers, strings and arrays. */
  readonly elements: readonly unknown[]
}

/** @throws Error for what is no such pickle */
export function unpickledArray(bytes: Uint8Array): ObjectArray {
  const reader = new ForwardReader(bytes)
  const found: unknown = new Parser(options).read(reader)
  if (reader.position !== bytes.length) throw new Error(`it goes on behind byte ${reader.position}`)
  if (!(found instanceof ArrayOfObjects)) throw new Error('it holds no array')
  return found.value
}

/** Of what NumPy stores of an array: version, shape, dtype, order, elements. */
class ArrayOfObjects {
  private state: unknown = null

  __setstate__(state: unknown): void {
    this.state = state
  }

  get value(): ObjectArray {
    const [, shape, dtype, columnsFirst, elements] = Array.isArray(this.state) ? this.state : []
    if (!(dtype instanceof Description) || !Array.isArray(elements))
      throw new Error('its array holds no objects')
    if (!Array.isArray(shape) || !shape.every(size => Number.isInteger(size) && size >= 0))
      throw new Error('its array has no shape')
    if (columnsFirst === true && shape.length > 1) throw new Error('its array lies columns first')
    if (shape.reduce((n, size) => n * size, 1) !== elements.length)
      throw new Error(`its array has ${elements.length} elements, which are not (${shape.join(', ')})`)
    return { shape, elements }
  }
}

/** A dtype: of objects, or there are no elements that are a list. */
class Description {
  __setstate__(): void {}
}

type Named = (...given: unknown[]) => unknown

// Frozen: a pickle can set properties of what it has found.
const names = new Map<string, Named>(
  Object.entries({
    'numpy.ndarray': () => null,
    'numpy.dtype': () => new Description(),
    'numpy.core.multiarray._reconstruct': () => new ArrayOfObjects(),
    'numpy._core.multiarray._reconstruct': () => new ArrayOfObjects(),
    // Protocol 2 has no bytes: they are a text and its encoding.
    '_codecs.encode': (text: unknown) => text,
  }).map(([name, named]) => [name, Object.freeze(named)]),
)

const options: NonNullable<ConstructorParameters<typeof Parser>[0]> = {
  nameResolver: {
    resolve: (module: string, name: string) => {
      const named = names.get(`${module}.${name}`)
      if (named === undefined) throw new Error(`it calls for ${module}.${name}, which is not read`)
      return named
    },
  },
  // As objects, dictionaries could change what all objects have.
  unpicklingTypeOfDictionary: 'Map',
}

/** Never goes back, as a negative length would: a pickle comes to its end. */
class ForwardReader extends BufferReader {
  override skip(offset: number): void {
    if (!(offset >= 0)) throw new Error(`a length of ${offset}`)
    super.skip(offset)
  }

  override uint64(): number {
    const length = this.uint32() + 2 ** 32 * this.uint32()
    if (!Number.isSafeInteger(length)) throw new Error(`a length of ${length}`)
    return length
  }
}
