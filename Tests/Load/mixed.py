"""Sends every kind of request from 64 clients for minutes, and says which bounds are broken.

    python3 Tests/Load/mixed.py .build/release/posterior-server [--seconds 600] [--think 0.25]

No request may fail, and no answer may differ from the first one to the same request; the 99th
percentile of each kind of request may be three times its median; and the resident memory may not
grow by more than a twentieth after the second minute.

Each client asks for a kind that it draws by lot, reads the answer, and thinks for a while: so long
on average as --think says, in seconds; with 0 it asks again at once, and the server is saturated.
With --fixed-page two clients more ask every 20 ms: one for the server's health page, and one for a
page of a program that can do nothing else (fixed_page.c, as root), which has no bound.
"""

import argparse
import gzip
import heapq
import json
import pathlib
import random
import selectors
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

import check_load

MODEL = "/v1/models/two_moons"
OBSERVATION = [0.1, -0.2]
# Has the system say when data came in, so that what this program does meanwhile is not counted.
SO_TIMESTAMPNS = 35
THETA = [[0.1, 0.2], [-0.3, 0.4]]


class Kind:
    """A request as it goes over the wire, and what became of those that were sent."""

    def __init__(self, method, path, body=b"", fields=(), changes=False):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: mixed", *fields]
        if method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        self.message = "\r\n".join(lines + ["", ""]).encode() + body
        # Whether answers differ from each other by their nature.
        self.changes = changes
        self.answer = None
        self.times = []
        self.errors = []

    def note(self, seconds, answer):
        self.times.append(seconds)
        if answer.status != 200:
            self.errors.append(f"status {answer.status}")
        elif not self.changes:
            body = b"".join(answer.parts)
            self.answer = self.answer or body
            if body != self.answer:
                self.errors.append("another answer than the first one")


def ask(call, fields=(), **body):
    return Kind("POST", f"{MODEL}/{call}", {"observation": OBSERVATION, "seed": 7} | body, fields)


def array(values):
    """A vector as NumPy's np.save writes it."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(values)},), }}"
    text += " " * (117 - len(text)) + "\n"
    head = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()
    return head + struct.pack(f"<{len(values)}f", *values)


def kinds():
    """All there is to ask for, by the name it has in the report."""
    tensor = {"name": "observation", "shape": [1, 2], "datatype": "FP32"}
    infer = {"parameters": {"num_samples": 100, "fisher_samples": 100, "seed": 7}}
    text = json.dumps(infer | {"inputs": [tensor | {"data": OBSERVATION}]}).encode()
    tensor["parameters"] = {"binary_data_size": 8}
    infer["parameters"]["binary_data_output"] = True
    head = json.dumps(infer | {"inputs": [tensor]}).encode()
    length = f"Inference-Header-Content-Length: {len(head)}"
    path = "/v2/models/two_moons/infer"
    npy = ("Content-Type: application/x-npy", "Accept: application/x-npy")
    coded = ("Content-Encoding: gzip", "Accept-Encoding: gzip")
    sample = {"observation": OBSERVATION, "num_samples": 1000, "seed": 7}
    return {
        "sample": ask("sample", num_samples=1000),
        "sample, one draw": ask("sample", num_samples=1),
        "sample, long": ask("sample", num_samples=20_000),
        "summary": ask("sample", num_samples=1000, output="summary"),
        "npy": Kind("POST", f"{MODEL}/sample?num_samples=1000&seed=7", array(OBSERVATION), npy),
        "gzip": Kind(
            "POST", f"{MODEL}/sample", gzip.compress(json.dumps(sample).encode(), mtime=0), coded
        ),
        "log_prob": Kind(
            "POST", f"{MODEL}/log_prob", {"observation": OBSERVATION, "theta": THETA * 50}
        ),
        "map": ask("map", num_samples=100, starts=4),
        "credible": ask("credible", theta=THETA, num_samples=1000),
        "fisher": ask("fisher", num_samples=200),
        "attack": ask("attack", epsilon=0.5, num_samples=50, steps=10),
        "robustness": ask("robustness", epsilon=[0.2, 0.5], num_samples=50, steps=10),
        "infer": Kind("POST", path, text),
        "infer, binary": Kind("POST", path, head + struct.pack("<2f", *OBSERVATION), [length]),
        "live": Kind("GET", "/v2/health/live"),
        "ready": Kind("GET", "/v2/health/ready"),
        "models": Kind("GET", "/v1/models"),
        "card": Kind("GET", MODEL),
        "metadata": Kind("GET", "/v2/models/two_moons"),
        "openapi": Kind("GET", "/openapi.json"),
        "metrics": Kind("GET", "/metrics", changes=True),
        "stats": Kind("GET", "/v2/models/stats", changes=True),
    }


class Answer:
    """Reads one response, by its length or in chunks."""

    def __init__(self):
        self.buffer = b""
        self.status = None
        self.left = None
        self.chunked = False
        self.is_last = False
        self.parts = []

    def take(self, data):
        """Whether the response is complete."""
        self.buffer += data
        if self.status is None:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return False
            head = head.lower()
            self.status = int(head[9:12])
            self.chunked = b"transfer-encoding: chunked" in head
            self.is_last = b"\r\nconnection: close" in head
            if not self.chunked:
                self.left = int(head.split(b"\r\ncontent-length: ")[1].split(b"\r\n")[0])
            self.buffer = rest
        if not self.chunked:
            self.parts.append(self.buffer)
            self.left -= len(self.buffer)
            self.buffer = b""
            return self.left == 0
        while True:
            if self.left is None:
                line, found, rest = self.buffer.partition(b"\r\n")
                if not found:
                    return False
                self.left, self.buffer = int(line, 16), rest
            if len(self.buffer) < self.left + 2:
                return False
            self.parts.append(self.buffer[: self.left])
            self.buffer = self.buffer[self.left + 2 :]
            if self.left == 0:
                return True
            self.left = None


class Client:
    """One connection, which waits for an answer or for its next request."""

    def __init__(self, port, kinds, think):
        self.port = port
        self.kinds = kinds
        self.think = think
        self.connect()
        self.kind = None
        self.start = 0.0
        self.answer = None

    def connect(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

    def send(self, kind):
        self.kind, self.answer, self.start = kind, Answer(), time.time()
        self.socket.sendall(kind.message)

    def receive(self):
        """Whether the answer has ended, well or not."""
        try:
            data, extras, _, _ = self.socket.recvmsg(1 << 18, 64)
        except OSError as error:
            data = str(error)
        if not data or isinstance(data, str):
            raise ConnectionError(data or "closed before the answer was complete")
        if not self.answer.take(data):
            return False
        seconds, nanoseconds = struct.unpack("qq", extras[0][2])
        self.kind.note(seconds + nanoseconds / 1e9 - self.start, self.answer)
        return True


def resident(process):
    """Megabytes in memory."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def drive(process, clients, seconds):
    """Lets the clients ask; returns the resident memory at the end of each minute."""
    lots = random.Random(1)
    selector = selectors.DefaultSelector()
    begin = time.perf_counter()
    # Who asks next, and when.
    line = []
    for number, client in enumerate(clients):
        selector.register(client.socket, selectors.EVENT_READ, client)
        heapq.heappush(line, (begin + lots.random() * max(client.think, 0.1), number, client))
    minutes = []
    while True:
        now = time.perf_counter()
        if now - begin > 60 * (len(minutes) + 1) or now - begin > seconds:
            minutes.append(resident(process))
            sent = sum(len(kind.times) for kind in clients[0].kinds)
            print(f"{now - begin:6.0f} s {sent:9} answers {minutes[-1]:8.1f} MB", flush=True)
            if now - begin > seconds:
                return minutes
        while line and line[0][0] <= now:
            _, number, client = heapq.heappop(line)
            client.number = number
            client.send(lots.choice(client.kinds))
        wait = max(0, min(line[0][0] - now, 0.5)) if line else 0.5
        for key, _ in selector.select(wait):
            client = key.data
            if client.receive():
                if client.answer.is_last:
                    # A connection has so many requests and no more.
                    selector.unregister(client.socket)
                    client.socket.close()
                    client.connect()
                    selector.register(client.socket, selectors.EVENT_READ, client)
                pause = lots.random() * 2 * client.think
                heapq.heappush(line, (time.perf_counter() + pause, client.number, client))


def start_fixed_page():
    """The program that sends the same bytes whatever it is asked for, and its port."""
    folder = tempfile.mkdtemp()
    program, port = f"{folder}/fixed_page", check_load.free_port()
    source = pathlib.Path(__file__).with_name("fixed_page.c")
    subprocess.run(["cc", "-O2", "-o", program, source], check=True)
    child = subprocess.Popen([program, str(port)])
    time.sleep(0.5)
    shutil.rmtree(folder)
    return child, port


def percentile(times, share):
    return sorted(times)[int(share * (len(times) - 1))] * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("server")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--think", type=float, default=0.25)
    parser.add_argument("--fixed-page", action="store_true")
    arguments = parser.parse_args()
    process, port = check_load.start(arguments.server)
    fixed_page = None
    asked = kinds()
    try:
        # Each kind alone at first, so that the answers are known.
        client = Client(port, [], 0)
        for kind in asked.values():
            for _ in range(3):
                client.send(kind)
                while not client.receive():
                    pass
            kind.times.clear()
        everything = list(asked.values())
        clients = [
            Client(port, everything, arguments.think) for _ in range(arguments.clients)
        ]
        probed = {}
        if arguments.fixed_page:
            fixed_page, other_port = start_fixed_page()
            for name, place in (("live, probed", port), ("fixed page", other_port)):
                probed[name] = Kind("GET", "/v2/health/live")
                clients.append(Client(place, [probed[name]], 0.02))
        minutes = drive(process, clients, arguments.seconds)
    finally:
        check_load.stop(process)
        if fixed_page:
            check_load.stop(fixed_page)
    for name, kind in (asked | probed).items():
        median, slow = percentile(kind.times, 0.5), percentile(kind.times, 0.99)
        check_load.report(
            f"{name:17}",
            f"{len(kind.times):8} answers, median {median:8.2f} ms, p99 {slow:8.2f} ms,"
            f" ratio {slow / median:5.2f}, {len(kind.errors)} errors {kind.errors[:3] or ''}",
            not kind.errors and (slow <= 3 * median or name in probed),
        )
    count = sum(len(kind.times) for kind in everything)
    print(f"{count} answers, {count / arguments.seconds:.0f} a second")
    reference = minutes[min(1, len(minutes) - 1)]
    growth = minutes[-1] / reference
    check_load.report("memory", f"{minutes[-1]:.1f} MB, {growth:.3f} times", growth <= 1.05)
    sys.exit(bool(check_load.failures))


if __name__ == "__main__":
    main()
