"""Makes the files beside it with NumPy: python3 generate.py. Tests read them as they are in the repository."""
import numpy as np

plain = {
    "float32": np.array([[1.5, -0.0, np.inf], [np.nan, 1e-45, 3e38]], np.float32),
    "float64": np.array([np.pi, -np.inf], np.float64),
    "int32": np.array([[[-2147483648], [2147483647]]], np.int32),
    "uint8": np.array([0, 255], np.uint8),
    "bool": np.array([True, False, True]),
    "scalar": np.float32(2.5),
    "empty": np.zeros((0, 3), np.float32),
    "layer/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
}
np.savez("plain.npz", **plain)
np.savez_compressed("compressed.npz", **plain)

np.savez(
    "others.npz",
    float16=np.array([1.5, -2, 65504, 6e-8, np.inf, -0.0], np.float16),
    int8=np.array([-128, 127], np.int8),
    int16=np.array([-32768, 32767], np.int16),
    uint16=np.array([65535], np.uint16),
    uint32=np.array([7], np.uint32),
    int64=np.array([-2147483648, 2147483647], np.int64),
    uint64=np.array([5], np.uint64),
    big_float32=np.array([1.5, -2], ">f4"),
    big_int64=np.array([-7], ">i8"),
    columns=np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
)
np.savez("int64.npz", large=np.array([2**31], np.int64))
np.savez("complex.npz", z=np.array([1j]))
np.savez("record.npz", r=np.zeros(2, [("a", "<f4"), ("b", "<i4")]))
np.savez("text.npz", t=np.array(["abc"]))
