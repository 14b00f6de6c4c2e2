"""Starts the servers that are compared, one at a time, and loads them with wrk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
HOST = "127.0.0.1"


def scratch_folder() -> Path:
    """Where peers are built, outside the repository: PEERS_SCRATCH or a temporary folder."""
    default = Path(tempfile.gettempdir()) / "posterior-server-peers"
    return Path(os.environ.get("PEERS_SCRATCH", default))


@dataclass(frozen=True)
class Server:
    """How to start a server that answers /v2/health/live."""

    name: str
    command: tuple[str, ...]
    port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


def posterior_server(binary: Path, models: Path, port: int) -> Server:
    command = (str(binary), "--models", str(models), "--host", HOST, "--port", str(port))
    return Server("posterior-server", command, port)


def fastapi_server(python: str, workers: int, port: int) -> Server:
    script = str(HERE / "serve_fastapi.py")
    command = (python, script, "--port", str(port), "--workers", str(workers))
    return Server(f"fastapi-{workers}", command, port)


def hummingbird_server(port: int) -> Server:
    """Builds the hello world if need be."""
    package = HERE / "hello-hummingbird"
    scratch = scratch_folder() / "hello-hummingbird"
    build = [
        "swift", "build", "-c", "release", "--package-path", str(package),
        "--scratch-path", str(scratch),
    ]  # fmt: skip
    subprocess.run(build, check=True, stdout=sys.stderr)
    return Server("hummingbird", (str(scratch / "release" / "HelloHummingbird"), str(port)), port)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def running(server: Server, patience: float = 120) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers, stopped when the block ends."""
    if answers(f"{server.url}/v2/health/live"):
        raise RuntimeError(f"something else answers on port {server.port} already")
    process = subprocess.Popen(
        server.command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        end = time.monotonic() + patience
        while not answers(f"{server.url}/v2/health/live"):
            if process.poll() is not None:
                raise RuntimeError(f"{server.name} left with status {process.returncode}")
            if time.monotonic() > end:
                raise RuntimeError(f"{server.name} did not answer within {patience:.0f} s")
            time.sleep(0.2)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@dataclass(frozen=True)
class Load:
    """What wrk asks for: a script beside this file, its arguments, and the connections."""

    script: str
    connections: int
    arguments: tuple[str, ...] = ()


def apply_load(server: Server, load: Load, seconds: float) -> dict[str, float]:
    """One run of wrk; any failed request is an error."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed (Debian's package of that name)")
    command = [
        "wrk", "-t1", f"-c{load.connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s",
        "-s", str(HERE / "wrk" / load.script), server.url, "--", *load.arguments,
    ]  # fmt: skip
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    figures: dict[str, float] = json.loads(output.strip().splitlines()[-1])
    if figures["errors"]:
        raise RuntimeError(f"{server.name}: {figures['errors']:.0f} failed requests\n{output}")
    return figures
