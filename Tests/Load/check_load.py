"""Measures how the server behaves under load, and says which bounds are broken.

    python3 Tests/Load/check_load.py .build/release/posterior-server [idle|overload|get ...]

idle      10,000 idle connections and 1,000 that send a header byte by byte: a normal client's
          median may grow by 10 %.
overload  64 clients, then 256, that ask again at once, or a tenth of a second after a refusal: the answers that are given keep their 99th
          percentile within twice, the rest are 503 within 50 ms, and health is answered.
get       a small page to 64 clients, against nginx with a page of the same length in turns: at
          least 60 % of it. Needs wrk and nginx.
"""

import asyncio
import http.client
import json
import multiprocessing
import os
import pathlib
import resource
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


async def client(port, data, until, results):
    """Asks again and again; notes status and seconds of each answer."""
    head = (
        "POST /v1/models/two_moons/sample HTTP/1.1\r\nHost: a\r\n"
        f"Content-Length: {len(data)}\r\n\r\n"
    )
    message = (head + data).encode()
    reader = None
    while time.perf_counter() < until:
        begin = time.perf_counter()
        if reader is None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(message)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            results.append((0, time.perf_counter() - begin))
            reader = None
            continue
        results.append((int(answer[9:12]), time.perf_counter() - begin))
        if b"connection: close" in answer.lower():
            writer.close()
            reader = None
        if answer[9:12] in (b"503", b"429"):
            # A tenth of what Retry-After asks for.
            await asyncio.sleep(0.1)


async def crowd(port, count, seconds, data):
    results, until = [], time.perf_counter() + seconds
    await asyncio.gather(*(client(port, data, until, results) for _ in range(count)))
    return results


def overload(program):
    child, port = start(program, "--connection-limit-per-address", "0")
    data = body(30_000)
    try:
        asyncio.run(crowd(port, 8, 2, data))
        nominal = asyncio.run(crowd(port, 64, 10, data))
        health = []
        done = threading.Event()

        def probe():
            while not done.wait(0.05):
                health.extend(latencies(port, 1, "/v2/health/live"))

        thread = threading.Thread(target=probe)
        thread.start()
        loaded = asyncio.run(crowd(port, 256, 10, data))
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
        f"{sum(s in (503, 429) for s, _ in loaded)}, median"
        f" {percentile(loaded, {503, 429}, 0.5) * 1e3:.1f} ms, p99 {refusal * 1e3:.1f} ms;"
        f" other outcomes {others}",
        refusal <= 0.050 and not others,
    )
    report("health", f"{len(health)} answers, slowest {max(health) * 1e3:.1f} ms", max(health) < 1)


def throughput(url):
    command = ["wrk", "-t", "1", "-c", "64", "-d", "4s", url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(text.split("Requests/sec:")[1].split()[0])


def get(program):
    child, port = start(program)
    folder = tempfile.mkdtemp()
    other = free_port()
    page = '{"live":true}'
    pathlib.Path(folder, "nginx.conf").write_text(
        f"""daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/log crit;
events {{ worker_connections 512; }}
http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
keepalive_requests 100000000;
server {{ listen 127.0.0.1:{other}; location / {{ default_type application/json;
return 200 '{page}'; }} }} }}"""
    )
    nginx = subprocess.Popen(["nginx", "-c", f"{folder}/nginx.conf"], stderr=subprocess.DEVNULL)
    time.sleep(1)
    try:
        ours, theirs = [], []
        for _ in range(3):
            ours.append(throughput(f"http://127.0.0.1:{port}/v2/health/live"))
            theirs.append(throughput(f"http://127.0.0.1:{other}/"))
    finally:
        stop(child)
        nginx.terminate()
        nginx.wait()
        shutil.rmtree(folder, ignore_errors=True)
    mine, its = statistics.median(ours), statistics.median(theirs)
    report("GET", f"{mine:.0f} a second, nginx {its:.0f}, ratio {mine / its:.2f}", mine >= 0.6 * its)


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    parts = {"idle": idle, "overload": overload, "get": get}
    print(f"{os.cpu_count()} processors")
    for name in sys.argv[2:] or parts:
        parts[name](program)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
