"""Writes the protocol cases into a folder, each behind a byte that says how it is cut."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parent.parent / "Proxies"))
import protocol_cases

for number, case in enumerate(protocol_cases.cases()):
    pathlib.Path(sys.argv[1], case.name).write_bytes(bytes([number % 40]) + case.data[:16_000])
