"""Measures how the server behaves under load, and says which bounds are broken.

    python3 Tests/Load/check_load.py .build/release/posterior-server [idle|overload|get|tls ...]

idle      10,000 idle connections and 1,000 that send a header byte by byte: a normal client's
          median may grow by 10 %.
overload  64 clients, then 256, that ask again at once, or a tenth of a second after a refusal: the
          answers that are given keep their 99th percentile within twice, the rest are 503 within
          50 ms, and health is answered.
get       a small page to 64 clients, against nginx with a page of the same length in turns, with as
          many processes as there are processors: at least 60 % of it. Needs wrk and nginx.
tls       the same over TLS, at least 80 %. Needs openssl, too.
"""

import heapq
import http.client
import json
import multiprocessing
import os
import pathlib
import random
import resource
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

failures = []


def report(name, text, is_good):
    print(f"{name}: {text}{'' if is_good else '  <-- out of bounds'}", flush=True)
    if not is_good:
        failures.append(name)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(program, *arguments):
    port = free_port()
    models = pathlib.Path(__file__).resolve().parent.parent.parent / "models"
    command = [program, "--models", models, "--port", str(port), *arguments]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return child, port
        except OSError:
            time.sleep(0.1)
    sys.exit("the server does not listen")


def stop(child):
    child.kill()
    child.wait()


def body(samples):
    return json.dumps(
        {"observation": [0.1, -0.2], "num_samples": samples, "seed": 1, "output": "summary"}
    )


def latencies(port, count, path="/v1/models", data=None):
    """Seconds that each of so many requests on one connection took, in order of size."""
    client = http.client.HTTPConnection("127.0.0.1", port)
    client.connect()
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        client.request("POST" if data else "GET", path, data)
        client.getresponse().read()
        times.append(time.perf_counter() - begin)
    client.close()
    return sorted(times)


def linger(port, ready):
    """Holds 10,000 idle connections and sends a byte a second on each of 1,000 others."""
    start = b"GET /v1/models HTTP/1.1\r\nX-Slow: "
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(11_000)]
    slow = sockets[10_000:]
    for connection in slow:
        connection.send(start)
    ready.set()
    while True:
        for index, connection in enumerate(slow):
            time.sleep(0.001)
            try:
                connection.send(b"x")
            except OSError:
                # Cut off, as it has to be: it comes again.
                slow[index] = socket.create_connection(("127.0.0.1", port))
                slow[index].send(start)


def idle(program):
    child, port = start(
        program, "--connection-limit", "12000", "--connection-limit-per-address", "0"
    )
    sample = "/v1/models/two_moons/sample"
    try:
        for name, path, data in (("page", "/v1/models", None), ("draws", sample, body(2000))):
            latencies(port, 300, path, data)
        before = {
            "page": [latencies(port, 2000)[1000] for _ in range(3)],
            "draws": [latencies(port, 300, sample, body(2000))[150] for _ in range(3)],
        }
        ready = multiprocessing.Event()
        others = multiprocessing.Process(target=linger, args=(port, ready))
        others.start()
        ready.wait()
        after = {
            "page": [latencies(port, 2000)[1000] for _ in range(5)],
            "draws": [latencies(port, 300, sample, body(2000))[150] for _ in range(5)],
        }
        others.kill()
        others.join()
        memory = pathlib.Path(f"/proc/{child.pid}/status").read_text()
        resident = [line for line in memory.splitlines() if line.startswith("VmRSS")]
        for name in before:
            ratio = min(after[name]) / min(before[name])
            report(
                f"idle, {name}",
                f"median {min(before[name]) * 1e6:.0f} µs alone, {min(after[name]) * 1e6:.0f} µs"
                f" beside 11,000 connections, ratio {ratio:.2f}; {resident[0].split()[1]} kB",
                ratio <= 1.10,
            )
    finally:
        stop(child)


def crowd(port, count, seconds, data):
    """So many clients ask again and again; status and seconds of each answer.

    One thread with one epoll set: 256 coroutines would take longer to notice a burst of answers than
    the server takes to give them. A client that is refused waits a tenth of a second, more or less,
    which is a tenth of what Retry-After asks for.
    """
    head = (
        "POST /v1/models/two_moons/sample HTTP/1.1\r\nHost: a\r\n"
        f"Content-Length: {len(data)}\r\n\r\n"
    )
    message = (head + data).encode()
    selector = selectors.EpollSelector()
    results, pauses, connects = [], [], 0
    clients = [{"socket": None} for _ in range(count)]

    def ask(client):
        nonlocal connects
        if client["socket"] is None:
            connects += 1
            client["socket"] = socket.create_connection(("127.0.0.1", port))
            client["socket"].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(client["socket"], selectors.EVENT_READ, client)
        client["answer"], client["begin"] = b"", time.perf_counter()
        client["socket"].send(message)

    def end(client):
        selector.unregister(client["socket"])
        client["socket"].close()
        client["socket"] = None

    def take(client):
        try:
            some = client["socket"].recv(65_536)
        except OSError:
            some = b""
        if not some:
            end(client)
            if "begin" in client:
                results.append((0, time.perf_counter() - client.pop("begin")))
                ask(client)
            return
        client["answer"] += some
        head, separator, content = client["answer"].partition(b"\r\n\r\n")
        if not separator:
            return
        head = head.lower()
        if len(content) < int(head.split(b"content-length: ")[1].split(b"\r\n")[0]):
            return
        status = int(head[9:12])
        results.append((status, time.perf_counter() - client.pop("begin")))
        if b"connection: close" in head:
            end(client)
        if status in (429, 503):
            due = time.perf_counter() + random.uniform(0.05, 0.15)
            heapq.heappush(pauses, (due, clients.index(client)))
        else:
            ask(client)

    until = time.perf_counter() + seconds
    for client in clients:
        ask(client)
    while (now := time.perf_counter()) < until:
        while pauses and pauses[0][0] <= now:
            ask(clients[heapq.heappop(pauses)[1]])
        wait = min(until, pauses[0][0] if pauses else until) - now
        for key, _ in selector.select(max(0, wait)):
            take(key.data)
    for client in clients:
        if client["socket"]:
            client["socket"].close()
    return results, connects


def overload(program):
    child, port = start(program, "--connection-limit-per-address", "0")
    data = body(30_000)
    try:
        crowd(port, 8, 2, data)
        nominal, _ = crowd(port, 64, 10, data)
        health = []
        done = threading.Event()

        def probe():
            while not done.wait(0.05):
                health.extend(latencies(port, 1, "/v2/health/live"))

        thread = threading.Thread(target=probe)
        thread.start()
        loaded, connects = crowd(port, 256, 10, data)
        done.set()
        thread.join()
    finally:
        stop(child)

    def percentile(results, statuses, share):
        times = sorted(seconds for status, seconds in results if status in statuses)
        return times[int(share * (len(times) - 1))] if times else 0.0

    calm, busy = percentile(nominal, {200}, 0.99), percentile(loaded, {200}, 0.99)
    refusal = percentile(loaded, {503, 429}, 0.99)
    others = sorted({status for status, _ in nominal + loaded} - {200, 429, 503})
    errors = sum(status != 200 for status, _ in nominal)
    report("64 clients", f"{len(nominal)} answers, {errors} refused", errors == 0)
    report(
        "256 clients",
        f"{sum(s == 200 for s, _ in loaded)} answers, p99 {busy * 1e3:.0f} ms against"
        f" {calm * 1e3:.0f} ms, ratio {busy / calm:.2f}",
        busy <= 2 * calm,
    )
    report(
        "refusals",
        f"{sum(s in (503, 429) for s, _ in loaded)} on {connects} connections, median"
        f" {percentile(loaded, {503, 429}, 0.5) * 1e3:.1f} ms, p99 {refusal * 1e3:.1f} ms;"
        f" other outcomes {others}",
        refusal <= 0.050 and not others,
    )
    report("health", f"{len(health)} answers, slowest {max(health) * 1e3:.1f} ms", max(health) < 1)


def throughput(url):
    command = ["wrk", "-t", "1", "-c", "64", "-d", "4s", url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(text.split("Requests/sec:")[1].split()[0])


def get(program, secure=False):
    folder = tempfile.mkdtemp()
    other = free_port()
    page, scheme, flags, directives = '{"live":true}', "http", [], ""
    if secure:
        scheme, names = "https", (f"{folder}/certificate", f"{folder}/key")
        subprocess.run(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj"
            f" /CN=localhost -out {names[0]} -keyout {names[1]}".split(),
            check=True,
            capture_output=True,
        )
        flags = ["--tls-certificate", names[0], "--tls-key", names[1]]
        directives = f"ssl_certificate {names[0]}; ssl_certificate_key {names[1]};"
    pathlib.Path(folder, "nginx.conf").write_text(
        f"""daemon off; worker_processes auto; pid {folder}/pid; error_log {folder}/log crit;
events {{ worker_connections 512; }}
http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
keepalive_requests 100000000; {directives} server {{
listen 127.0.0.1:{other} {"ssl" if secure else ""} reuseport;
location / {{ default_type application/json; return 200 '{page}'; }} }} }}"""
    )
    child, port = start(program, *flags)
    nginx = subprocess.Popen(["nginx", "-c", f"{folder}/nginx.conf"], stderr=subprocess.DEVNULL)
    time.sleep(1)
    try:
        ours, theirs = [], []
        for _ in range(3):
            ours.append(throughput(f"{scheme}://127.0.0.1:{port}/v2/health/live"))
            theirs.append(throughput(f"{scheme}://127.0.0.1:{other}/"))
    finally:
        stop(child)
        nginx.terminate()
        nginx.wait()
        shutil.rmtree(folder, ignore_errors=True)
    mine, its = statistics.median(ours), statistics.median(theirs)
    report(
        "GET over TLS" if secure else "GET",
        f"{mine:.0f} a second, nginx {its:.0f}, ratio {mine / its:.2f}",
        mine >= (0.8 if secure else 0.6) * its,
    )


def tls(program):
    get(program, secure=True)


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    parts = {"idle": idle, "overload": overload, "get": get, "tls": tls}
    print(f"{os.cpu_count()} processors")
    for name in sys.argv[2:] or parts:
        parts[name](program)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
