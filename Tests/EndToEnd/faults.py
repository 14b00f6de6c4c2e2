"""Does to a running server what a machine may do to it, and says what it did not survive.

    python3 Tests/EndToEnd/faults.py .build/release/posterior-server [kill|disk|models|...]

kill        SIGKILL under load, and a start on the same port: every answer before and after is right
disk        standard output on a full disk: everything is answered
models      under load and polled, a model's file is damaged, unreadable, replaced, and gone
hangups     3,000 SIGHUPs under load: no request is lost
descriptors 40 descriptors and 60 clients: those who are served are, and all are afterwards
memory      2 GB of address space: draws, lengths, chunks and gzip that ask for much more are refused
clock       the time of day jumps by years under load, forth and back: nobody is cut off
names       without a network it binds by name, and says what name it does not know

The clock needs libfaketime (Debian's package faketime), the names need to be run by root.
"""

import gzip
import hashlib
import http.client
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PATH = "/v1/models/two_moons/sample"
BODY = json.dumps({"observation": [0.1, -0.2], "num_samples": 200, "seed": 7})
failures = []


def report(name, text, is_good):
    print(f"{name}: {text}{'' if is_good else '  <-- failed'}", flush=True)
    if not is_good:
        failures.append(name)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """The program under test, with its log in a file."""

    def __init__(self, *arguments, port=None, models=ROOT / "models", before=(), **options):
        self.port = port or free_port()
        self.log = tempfile.NamedTemporaryFile()
        command = [*before, PROGRAM, "--models", models, "--port", self.port, *arguments]
        options = {"stdout": self.log, "stderr": subprocess.STDOUT} | options
        self.child = subprocess.Popen([str(word) for word in command], **options)
        for _ in range(200):
            if self.is_ready():
                return
            time.sleep(0.05)
        sys.exit(f"the server does not listen: {self.lines()[-3:]}")

    def is_ready(self):
        try:
            return self.ask("GET", "/v2/health/ready")[0] == 200
        except OSError:
            return False

    def ask(self, method, path, body=None, fields=None):
        """Status and body of one answer."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            client.request(method, path, body, fields or {})
            answer = client.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError(repr(error)) from error
        finally:
            client.close()

    def lines(self):
        return pathlib.Path(self.log.name).read_text(errors="replace").splitlines()

    def says(self, *words):
        """The first line of the log with all of the words."""
        found = (line for line in self.lines() if all(word in line for word in words))
        return next(found, "")

    def wait_for(self, *words, seconds=15):
        until = time.monotonic() + seconds
        while not self.says(*words) and time.monotonic() < until:
            time.sleep(0.1)
        return self.says(*words)

    def megabytes(self):
        status = pathlib.Path(f"/proc/{self.child.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def kill(self):
        self.child.kill()
        self.child.wait()


class Load:
    """Clients that keep their connections and send the same request until they are stopped."""

    def __init__(self, server, count=8, keeps=True):
        self.server, self.keeps = server, keeps
        self.digests, self.statuses, self.lost = {}, {}, 0
        self.lock, self.done = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self):
        client = None
        while not self.done.is_set():
            try:
                client = client or http.client.HTTPConnection(
                    "127.0.0.1", self.server.port, timeout=30
                )
                client.request("POST", PATH, BODY)
                answer = client.getresponse()
                digest = hashlib.sha256(answer.read()).digest()
                with self.lock:
                    self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
                    if answer.status == 200:
                        self.digests[digest] = self.digests.get(digest, 0) + 1
                if not self.keeps:
                    client.close()
            except (OSError, http.client.HTTPException):
                client.close()
                client = None
                with self.lock:
                    self.lost += 1
                time.sleep(0.02)

    def stop(self):
        self.done.set()
        for thread in self.threads:
            thread.join()

    def text(self):
        answers = sum(self.statuses.values())
        return f"{answers} answers {self.statuses}, {len(self.digests)} different, {self.lost} lost"

    def is_whole(self):
        """Whether every request was answered, and in the same way."""
        return self.lost == 0 and set(self.statuses) == {200} and len(self.digests) == 1


def kill():
    server = Server()
    load = Load(server)
    for _ in range(5):
        time.sleep(1)
        server.kill()
        server = Server(port=server.port)
    time.sleep(1)
    load.stop()
    server.kill()
    report("kill", load.text(), set(load.statuses) == {200} and len(load.digests) == 1)


def disk():
    with open("/dev/full", "w") as full:
        server = Server("--log-level", "debug", stdout=full, stderr=full)
        load = Load(server)
        time.sleep(3)
        load.stop()
        text = server.ask("GET", "/metrics")[1].decode()
    server.kill()
    lost = [line for line in text.splitlines() if "log" in line and not line.startswith("#")]
    report("disk", f"{load.text()}; {lost}", load.is_whole())
    counted = any(float(line.split()[-1]) > 0 for line in lost)
    report("disk, lines that were lost", "counted" if counted else "not counted", counted)


def models():
    folder = pathlib.Path(tempfile.mkdtemp())
    shutil.copytree(ROOT / "models/two_moons", folder / "two_moons")
    shutil.copytree(ROOT / "models/linear_gaussian", folder / "other")
    good = folder / "two_moons/1/model.safetensors"
    whole = good.read_bytes()
    server = Server("--model-control", "poll", "--reload-interval", 1, models=folder)
    load = Load(server)

    def put(bytes_):
        """Replaces the file as a careful person does."""
        fresh = good.with_name("fresh")
        fresh.write_bytes(bytes_)
        fresh.replace(good)

    damages = {
        "cut off": lambda: put(whole[: len(whole) // 2]),
        "empty": lambda: put(b""),
        "noise": lambda: put(os.urandom(len(whole))),
        "a header that promises 2^60 bytes": lambda: put((1 << 60).to_bytes(8, "little") + whole),
        "overwritten in place": lambda: good.write_bytes(whole[:1000] + b"\0" * 1000),
    }
    for name, damage in damages.items():
        seen = len(server.lines())
        damage()
        time.sleep(2.5)
        said = [line for line in server.lines()[seen:] if "two_moons" in line and '"request"' not in line]
        report(f"models, {name}", f"{said[:1]}", bool(said) and server.is_ready())
        put(whole)
        time.sleep(2.5)
    # What cannot be read, also by root.
    for name in ("a folder", "a link to nowhere", "a pipe"):
        seen = len(server.lines())
        strange = good.with_name("strange")
        if name == "a folder":
            # A folder cannot take the place of a file at once.
            good.unlink()
            strange.mkdir()
        elif name == "a pipe":
            os.mkfifo(strange)
        else:
            strange.symlink_to("nowhere")
        strange.rename(good)
        time.sleep(2.5)
        status = server.ask("GET", "/v1/models/two_moons")[0]
        said = [line for line in server.lines()[seen:] if "two_moons" in line and '"request"' not in line]
        report(f"models, {name}", f"{status} {said[:1]}", status == 200 and bool(said))
        good.rmdir() if name == "a folder" else good.unlink()
        put(whole)
        time.sleep(2.5)
    shutil.copytree(folder / "two_moons/1", folder / "two_moons/2")
    time.sleep(3)
    second = json.loads(server.ask("GET", "/v1/models/two_moons")[1])["version"]
    shutil.rmtree(folder / "two_moons/2")
    time.sleep(3)
    first = json.loads(server.ask("GET", "/v1/models/two_moons")[1])["version"]
    report("models, a second version", f"{second}, then {first} again", (second, first) == (2, 1))
    shutil.rmtree(folder / "other")
    time.sleep(3)
    status = server.ask("GET", "/v1/models/other")[0]
    report("models, removed", f"{status}", status == 404)
    load.stop()
    server.kill()
    shutil.rmtree(folder)
    # The number of the version is part of the answer.
    whole = load.lost == 0 and set(load.statuses) == {200} and len(load.digests) == 2
    report("models, load", load.text(), whole)


def hangups():
    server = Server()
    load = Load(server)
    for _ in range(3_000):
        os.kill(server.child.pid, signal.SIGHUP)
        time.sleep(0.001)
    load.stop()
    server.kill()
    report("hangups", load.text(), load.is_whole())


def descriptors():
    server = Server(before=["prlimit", "--nofile=40"])
    load = Load(server, count=60, keeps=False)
    time.sleep(5)
    load.stop()
    time.sleep(0.5)
    status, _ = server.ask("POST", PATH, BODY)
    is_good = status == 200 and set(load.statuses) <= {200, 503} and len(load.digests) == 1
    report("descriptors", f"{load.text()}, {status} afterwards", is_good)
    server.kill()


def endless(server, head, piece, most=1 << 30):
    """Sends pieces until the server has had enough; its status, and how much it took."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(head)
        sent = 0
        client.setblocking(True)
        try:
            while sent < most:
                client.settimeout(0.0)
                try:
                    if client.recv(1, socket.MSG_PEEK):
                        break
                except BlockingIOError:
                    pass
                client.settimeout(30)
                client.sendall(piece)
                sent += len(piece)
        except OSError:
            # The server has closed; what it said before that can still be read.
            pass
        try:
            client.settimeout(30)
            return int(client.recv(4096)[9:12]), sent
        except (OSError, ValueError):
            return 0, sent


def memory():
    server = Server(before=["prlimit", f"--as={2 << 30}"])
    right = server.ask("POST", PATH, BODY)
    before = server.megabytes()
    # What is asked for, and the statuses that it may have.
    model = "/v1/models/two_moons"
    sizes = {
        "10^18 draws": (f"{model}/sample", {"num_samples": 10**18}),
        "10^400 draws": (f"{model}/sample", {"num_samples": 10**400}),
        "10^9 draws of log_prob": (f"{model}/sample", {"num_samples": 10**9, "log_prob": True}),
        "10^7 draws for Fisher": (f"{model}/fisher", {"num_samples": 10**7}),
        "10^6 steps": (f"{model}/attack", {"epsilon": 1, "steps": 10**6, "num_samples": 10**6}),
        "10^9 starts": (f"{model}/map", {"starts": 10**9}),
    }
    for name, (path, fields) in sizes.items():
        body = json.dumps({"observation": [0.1, -0.2]} | fields)
        status, text = server.ask("POST", path, body)
        report(f"memory, {name}", f"{status} {text[:90]!r}", status in (400, 413, 422))
    status, text = server.ask(
        "POST",
        "/v2/models/two_moons/infer",
        json.dumps(
            {"inputs": [{"name": "theta", "shape": [2**31 - 1] * 3, "datatype": "FP64", "data": [0]}]}
        ),
    )
    report("memory, 2^93 numbers", f"{status} {text[:90]!r}", status == 400)
    start = f"POST {PATH} HTTP/1.1\r\nHost: a\r\n"
    chunked = f"{start}Transfer-Encoding: chunked\r\n\r\n".encode()
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    for name, head, piece in (
        ("a length of 10^18", f"{start}Content-Length: {10**18}\r\n\r\n".encode(), b" "),
        ("a length of 10^40", f"{start}Content-Length: {10**40}\r\n\r\n".encode(), b" "),
        ("endless chunks", chunked, chunk),
        ("an endless chunk", chunked + b"FFFFFFFFFFFFFFF\r\n", b" " * 65_536),
        ("an endless header", f"{start}X: ".encode(), b"a" * 65_536),
        ("an endless target", b"GET /", b"a" * 65_536),
    ):
        status, sent = endless(server, head, piece)
        is_good = status in (400, 413, 414, 431) and sent < 64 << 20
        report(f"memory, {name}", f"{status} after {sent} bytes", is_good)
    bomb = gzip.compress(b" " * (1 << 28), 9)
    for name, body in (
        ("a gzip bomb", bomb),
        ("a gzip bomb in a gzip bomb", gzip.compress(bomb)),
    ):
        status, text = server.ask("POST", PATH, body, {"Content-Encoding": "gzip"})
        report(f"memory, {name}", f"{status} {text[:90]!r}", status in (400, 413))
    # Many bodies of the most that one may have, and many answers of the most, all at once.
    large = b'{"observation":[' + b" " * (15 << 20) + b'0.1,-0.2],"num_samples":1}'
    long = json.dumps({"observation": [0.1, -0.2], "num_samples": 10**7})
    outcomes = []

    def post(body, takes_all):
        try:
            if takes_all:
                outcomes.append(server.ask("POST", PATH, body)[0])
                return
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
                client.sendall(f"{start}Content-Length: {len(body)}\r\n\r\n{body}".encode())
                outcomes.append(int(client.recv(1 << 20)[9:12]))
                time.sleep(3)
        except OSError:
            outcomes.append("cut off")

    for name, body, takes_all in (("64 bodies of 15 MB", large, True), ("64 answers of 400 MB", long, False)):
        outcomes.clear()
        threads = [threading.Thread(target=post, args=(body, takes_all)) for _ in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counts = {outcome: outcomes.count(outcome) for outcome in set(outcomes)}
        is_good = set(counts) <= {200, 503, "cut off"} and counts.get(200, 0) > 0
        report(f"memory, {name}", f"{counts}, {server.megabytes():.0f} MB", is_good)
    time.sleep(1)
    is_same = server.ask("POST", PATH, BODY) == right
    report("memory, afterwards", f"{before:.0f} MB, then {server.megabytes():.0f} MB", is_same)
    server.kill()


def clock():
    libraries = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not libraries:
        print("clock: left out, since there is no libfaketime")
        return
    with tempfile.NamedTemporaryFile("w") as setting:

        def jump(by):
            pathlib.Path(setting.name).write_text(by)

        jump("+0")
        server = Server(
            # Started by a program that libfaketime is loaded into, it keeps its arguments.
            before=["env"],
            env=os.environ
            | {
                "LD_PRELOAD": str(libraries[0]),
                "FAKETIME_TIMESTAMP_FILE": setting.name,
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
        )
        idle = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        idle.request("GET", "/v2/health/live")
        idle.getresponse().read()
        load = Load(server)
        dates = []
        for by in ("+400d", "-4000d", "+0", "-1d", "+90d", "+0"):
            jump(by)
            time.sleep(1.5)
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            client.request("GET", "/v2/health/live")
            answer = client.getresponse()
            answer.read()
            dates.append(answer.headers["Date"][12:16])
            client.close()
        idle.request("GET", "/v2/health/live")
        status = idle.getresponse().status
        load.stop()
        server.kill()
    is_good = load.is_whole() and status == 200 and len(set(dates)) > 2
    report("clock", f"{load.text()}; an idle connection {status}; years {dates}", is_good)


def names():
    if os.geteuid() != 0:
        print("names: left out, since only root can take the network away")
        return
    alone = ["unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"]
    port = free_port()
    command = [*alone, PROGRAM, "--models", ROOT / "models", "--port", port]
    request = f"curl -s -m 5 http://127.0.0.1:{port}/v2/health/ready"
    script = f'"$@" --host localhost >/dev/null & sleep 2; {request}; kill -9 $!'
    done = subprocess.run(
        [*alone[:3], "-c", f"ip link set lo up; {script}", "sh", *map(str, command[len(alone):])],
        capture_output=True,
        text=True,
    )
    report("names, localhost", f"{done.stdout!r}", "true" in done.stdout)
    begin = time.monotonic()
    done = subprocess.run(
        [*map(str, command), "--host", "posterior.example.org"], capture_output=True, text=True
    )
    took = time.monotonic() - begin
    text = (done.stdout + done.stderr).strip()[-160:]
    report(
        "names, unknown",
        f"status {done.returncode} after {took:.1f} s: {text!r}",
        done.returncode not in (0, -11, -4, -6) and "posterior.example.org" in text,
    )


def main():
    global PROGRAM
    PROGRAM = pathlib.Path(sys.argv[1]).resolve()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    parts = [kill, disk, models, hangups, descriptors, memory, clock, names]
    known = {part.__name__: part for part in parts}
    for name in sys.argv[2:] or known:
        known[name]()
    print(f"failed: {', '.join(failures)}" if failures else "all survived")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
