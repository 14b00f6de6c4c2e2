"""Writes small arrays (npy) or requests that hold some (inference) for the fuzzer to start from."""

import pathlib
import struct
import sys

kind, folder = sys.argv[1], pathlib.Path(sys.argv[2])


def npy(descr, order, shape, data):
    text = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}"
    text += " " * (117 - len(text)) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data


arrays = [
    npy("<f4", False, (3,), struct.pack("<3f", 1, 2, 3)),
    npy(">f8", True, (2, 3), struct.pack(">6d", 1, 2, 3, 4, 5, 6)),
    npy("|i1", False, (1, 3, 1), b"\x01\x02\x03"),
]
tensor = b'{"name":"observation","shape":[1,3],"datatype":"FP32",'
theta = b',{"name":"theta","shape":[1,1,2],"datatype":"FP64","data":[[[0,1]]]}'
rest = b'"parameters":{"num_samples":4,"seed":7,"fisher_samples":8}}'
json = b'{"inputs":[' + tensor + b'"data":[1,2,3]}' + theta + b'],"id":"a",' + rest
binary = b'{"inputs":[' + tensor + b'"parameters":{"binary_data_size":12}}],'
binary += b'"outputs":[{"name":"samples","parameters":{"binary_data":true}}],' + rest
floats = struct.pack("<3f", 1, 2, 3)
requests = [b"\x02\x00" + json, b"\x01\x0c" + binary + floats, b"\x01\x0c" + floats]
requests += [b"\x00\x00" + array for array in arrays]
for number, seed in enumerate(arrays if kind == "npy" else requests):
    (folder / f"{kind}-{number}").write_bytes(seed)
