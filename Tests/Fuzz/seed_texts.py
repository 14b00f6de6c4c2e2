"""Writes small JSON texts (json), compressed streams (gzip) or TLS records (tls) to start from."""

import gzip
import pathlib
import ssl
import struct
import sys
import zlib

kind, folder = sys.argv[1], pathlib.Path(sys.argv[2])


def json():
    yield b'{"observations":[[1,2.5,-3e2],[0.1,1e400,7]],"seed":18446744073709551615,"a":null}'
    yield '[{"é\\uD834\\uDD1E\\n":[[[]],{},true,false,"x"]},-0.0,1.00000005960464477539]'.encode()
    yield b"[1e-45,3.4028235e38,1e-400,123456789012345678901234567890,0.30000001192092896]"
    yield b' "\\u0041\\ud83d\\ude00\\/\\b" '


def gzip_streams():
    text = b'{"observation":[0.1,-0.2],"num_samples":10}' * 20
    raw = zlib.compressobj(9, zlib.DEFLATED, -15, 8, zlib.Z_FIXED)
    fixed = raw.compress(text) + raw.flush()
    trailer = struct.pack("<II", zlib.crc32(text), len(text))
    named = b"\x1f\x8b\x08\x1c" + bytes(5) + b"\x03\x02\x00\x01\x02name\0note\0" + fixed + trailer
    for number, stream in enumerate([gzip.compress(text), gzip.compress(text, 0), named]):
        yield bytes([1, 0x10 * number + 7]) + stream
    yield b"\x02\xff" + gzip.compress(bytes(200_000))
    yield b"\x00\x25" + zlib.compress(text)
    yield b"\x03\x14" + text


def tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    for lowest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context.minimum_version = context.maximum_version = lowest
        ciphertext = ssl.MemoryBIO()
        session = context.wrap_bio(ssl.MemoryBIO(), ciphertext, server_hostname="localhost")
        try:
            session.do_handshake()
        except ssl.SSLWantReadError:
            yield b"\x00\x07" + ciphertext.read()
    records = b"\x15\x03\x03\x00\x02\x01\x00" + b"\x17\x03\x03\x00\x05hello" + b"\x14\x03\x03\x00\x01\x01"
    for mode in range(32):
        # Changes one byte in the middle of a record, and is more than one record can hold.
        content = b"\x02\x01\x40" * 2 if mode & 7 in (1, 2, 4) else records
        yield bytes([mode, mode * 8]) + (content if mode & 7 != 5 else content * 800)


for number, seed in enumerate({"json": json, "gzip": gzip_streams, "tls": tls}[kind]()):
    (folder / f"{kind}-{number}").write_bytes(seed)
