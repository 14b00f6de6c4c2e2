"""Sends a million mixed requests to posterior-server and watches its resident memory.

Samples, log densities, probes and listings, over connections that come and go. Reports the resident
memory before any request, after the first ten thousand, along the way, and at the end. Leaves with
status 1 when it grew by more than the allowance after the first ten thousand.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from pathlib import Path

import servers
from servers import Load

LOAD = Load("mixed.lua", 16)


def resident_bytes(pid: int) -> int:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    kibibytes = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return int(kibibytes) * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    binary = os.environ.get("POSTERIOR_SERVER", servers.REPOSITORY / ".build/release/posterior-server")
    parser.add_argument(
        "--server", type=Path, default=Path(binary), help="our binary, default POSTERIOR_SERVER"
    )
    parser.add_argument("--models", type=Path, default=servers.REPOSITORY / "models")
    parser.add_argument("--port", type=int, default=18_090)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--first", type=int, default=10_000, help="requests before the reference")
    parser.add_argument("--seconds", type=float, default=10, help="time between two readings")
    parser.add_argument(
        "--allowance", type=float, default=2.0, help="growth in MB that still counts as none"
    )
    arguments = parser.parse_args()
    server = servers.posterior_server(arguments.server, arguments.models, arguments.port)
    with servers.running(server) as process:
        readings = [{"requests": 0, "bytes": resident_bytes(process.pid)}]
        sent = 0
        while sent < arguments.requests:
            seconds = 1 if sent < arguments.first else arguments.seconds
            figures = servers.apply_load(server, LOAD, seconds)
            sent += int(figures["requests"])
            readings.append({"requests": sent, "bytes": resident_bytes(process.pid)})
            print(
                f"{sent:>9} requests  {readings[-1]['bytes'] / 1e6:8.1f} MB"
                f"  {figures['requests_per_second']:9.0f}/s  p99 {figures['p99_ms']:.2f} ms",
                flush=True,
            )
    reference = next(r for r in readings if r["requests"] >= arguments.first)
    growth = (readings[-1]["bytes"] - reference["bytes"]) / 1e6
    passed = growth <= arguments.allowance
    print(
        f"idle {readings[0]['bytes'] / 1e6:.1f} MB, after {reference['requests']} requests "
        f"{reference['bytes'] / 1e6:.1f} MB, after {sent} {readings[-1]['bytes'] / 1e6:.1f} MB"
    )
    print(json.dumps({"passed": passed, "growth_megabytes": growth, "readings": readings}))
    raise SystemExit(0 if passed else 1)


if __name__ == "__main__":
    main()
