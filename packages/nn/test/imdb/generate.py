"""Makes the files beside it with Python and NumPy: python3 generate.py. Tests read them as they are in the repository.

Keras's imdb.npz holds arrays of Python lists, which NumPy pickles: with protocol 2 until 1.16 (Keras's own file), 3 until 1.26, and 4
since 2.0, when numpy.core became numpy._core. Python 2 wrote str where Python 3 has bytes or a call of _codecs.encode; that one is
written here by hand, operation by operation, as pickletools shows it.
"""
import io
import os
import pickle
import zipfile

import numpy as np

reviews = {
    "x_train": [[14, 22, 16], [1, 300, 70000, 5], list(range(1, 1201))],
    "x_test": [[], [2, 14]],
}
labels = {"y_train": np.array([1, 0, 1], np.int64), "y_test": np.array([0, 1], np.int64)}


def objects(lists):
    array = np.empty(len(lists), dtype=object)
    array[:] = lists
    return array


def pickled(array, protocol):
    data = pickle.dumps(array, protocol=protocol)
    return data if protocol > 3 else data.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


def python2(array):
    """As cPickle of Python 2.7 has it, protocol 2."""
    text = lambda s: b"U" + bytes([len(s)]) + s
    head = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85" + text(b"b") + b"\x87Rq\x03"
    dtype = b"cnumpy\ndtype\nq\x04" + text(b"O8") + b"K\x00K\x01\x87Rq\x05(K\x03" + text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb"
    lists = pickle.dumps([list(row) for row in array], protocol=2)[2:-1]
    shape = b"(K\x01K" + bytes([len(array)]) + b"\x85"
    return head + shape + dtype + b"\x89" + lists.replace(b"q\x00", b"q\x06", 1) + b"tb."


def entry(array, pickle_of):
    out = io.BytesIO()
    if array.dtype != object:
        np.lib.format.write_array(out, array)
    else:
        np.lib.format.write_array_header_1_0(out, np.lib.format.header_data_from_array_1_0(array))
        out.write(pickle_of(array))
    return out.getvalue()


def write(name, arrays, pickle_of=None, compress=True):
    kind = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(name, "w", kind) as file:
        for key, array in arrays.items():
            file.writestr(zipfile.ZipInfo(key + ".npy"), entry(array, pickle_of), kind)


class Command:
    """What no reader may do: unpickled by Python, it runs a command."""

    def __reduce__(self):
        return (os.system, ("echo this was run",))


x = {key: objects(lists) for key, lists in reviews.items()}
for protocol in (2, 3, 4):
    write(f"protocol{protocol}.npz", {**x, **labels}, lambda array: pickled(array, protocol), compress=protocol != 4)
write("python2.npz", {**x, **labels}, python2)
padded = {"x_train": np.array([[0, 0, 14], [1, 22, 16], [0, 3, 4]], np.int32), "x_test": np.array([[0, 7], [2, 14]], np.int64)}
write("padded.npz", {**padded, **labels})
write("command.npz", {**x, **labels, "x_train": objects([[1], [2], Command()])}, lambda array: pickled(array, 2))
write("words.npz", {**x, **labels, "x_train": objects([["a"], ["film"], [1]])}, lambda array: pickled(array, 2))
write("arrays.npz", {**x, **labels, "x_train": objects([np.array([1, 2]), [2], [1]])}, lambda array: pickled(array, 2))
write("other.npz", {"W": np.zeros((2, 3), np.float32), "y_train": labels["y_train"]})

for name in ("protocol2.npz", "protocol3.npz", "protocol4.npz", "python2.npz"):
    with np.load(name, allow_pickle=True) as file:
        for key, lists in reviews.items():
            assert [list(row) for row in file[key]] == lists, name
