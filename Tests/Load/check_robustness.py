"""Measures the calls that judge an answer over HTTP, and how soon an abandoned one stops.

    python3 Tests/Load/check_robustness.py .build/release/posterior-server

fisher      1000 draws from a flow of ten parameters: median and 90th percentile.
robustness  three radii with the default budget: at most 300 ms.
cancelled   a client that goes while its attack is computed: the server's processor time stands
            still within 100 ms.

On an otherwise idle machine; the model is the shipped linear_gaussian.
"""

import http.client
import json
import os
import pathlib
import socket
import statistics
import sys
import time

import check_load

MODEL = "linear_gaussian"
TICK = os.sysconf("SC_CLK_TCK")


def latencies(port, call, body, count):
    client = http.client.HTTPConnection("127.0.0.1", port)
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        client.request("POST", f"/v1/models/{MODEL}/{call}", json.dumps(body))
        answer = client.getresponse()
        text = answer.read()
        times.append(time.perf_counter() - begin)
        if answer.status != 200:
            sys.exit(f"{call}: {answer.status} {text[:300]!r}")
    client.close()
    return sorted(times)


def processor_seconds(child):
    fields = pathlib.Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def seconds_until_still(child, port, call, body):
    """How long the server goes on after the client has gone; None if it had answered before."""
    data = json.dumps(body).encode()
    head = (
        f"POST /v1/models/{MODEL}/{call} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(head.encode() + data)
    time.sleep(0.25)
    connection.setblocking(False)
    try:
        connection.recv(1)
        return None
    except BlockingIOError:
        connection.close()
    gone = time.perf_counter()
    last, still = gone, processor_seconds(child)
    while time.perf_counter() - gone < 1.5:
        time.sleep(0.005)
        now = processor_seconds(child)
        if now != still:
            last, still = time.perf_counter(), now
    return last - gone


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    example = json.loads((root / f"models/{MODEL}/1/example.json").read_text())
    x = example.get("observation") or example["observations"][0]
    child, port = check_load.start(sys.argv[1])
    failures = []
    try:
        for call, body, count, bound in [
            ("fisher", {"observation": x, "num_samples": 1000}, 500, None),
            ("robustness", {"observation": x, "epsilon": [0.1, 0.5, 1]}, 40, 0.3),
        ]:
            times = latencies(port, call, body, count)
            median, late = statistics.median(times), times[int(0.9 * count)]
            print(f"{call}: median {median * 1e3:.2f} ms, 90 % within {late * 1e3:.2f} ms")
            if bound is not None and median > bound:
                failures.append(call)
        delays = []
        for call, body in [
            ("attack", {"observations": [x] * 64, "epsilon": 0.5, "num_samples": 100}),
            ("attack", {"observations": [x] * 64, "epsilon": 0.5, "method": "adaptive"}),
            ("robustness", {"observations": [x] * 16, "epsilon": [0.1, 0.2, 0.3, 0.5, 1, 2]}),
        ]:
            delays += [seconds_until_still(child, port, call, body) for _ in range(4)]
        seen = [delay for delay in delays if delay is not None]
        if not seen:
            sys.exit("every attack had ended before its client went")
        print(f"cancelled: {len(seen)} of {len(delays)}, at most {max(seen) * 1e3:.0f} ms later")
        if max(seen) > 0.1:
            failures.append("cancelled")
    finally:
        check_load.stop(child)
    if failures:
        sys.exit("out of bounds: " + ", ".join(failures))


if __name__ == "__main__":
    main()
