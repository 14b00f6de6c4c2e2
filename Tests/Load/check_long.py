"""Measures what long requests cost others, in time and in memory, and says which bounds are broken.

    python3 Tests/Load/check_long.py .build/release/posterior-server

Small draws beside four robustness checks of many seconds may not take 50 ms. Resident memory may be
40 MB when the server is idle, 100 MB more once 64 clients have sent 14 MB each, twice, and 400 MB
more while 100 clients hardly read answers of 14 MB; somebody else is answered again within 12 s.
"""

import http.client
import json
import pathlib
import socket
import statistics
import sys
import threading
import time

import check_load


def post(port, path, data, answers):
    """Adds the status of an answer, 0 for none, to a list."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        client.request("POST", path, data)
        response = client.getresponse()
        response.read()
        answers.append(response.status)
    except OSError:
        # The server closes while the client still sends what it has no room for.
        answers.append(0)
    client.close()


def at_once(port, path, data, count):
    """So many clients that ask the same, each on a thread, and the list of their answers."""
    answers = []
    asking = [
        threading.Thread(target=post, args=(port, path, data, answers)) for _ in range(count)
    ]
    for thread in asking:
        thread.start()
    return asking, answers


def long(program):
    child, port = check_load.start(program)
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    example = json.loads((root / "models/hodgkin_huxley/1/example.json").read_text())
    check = {"observation": example["observations"][0], "seed": 1, "epsilon": [0.1, 0.2, 0.5, 1, 2]}
    path = "/v1/models/hodgkin_huxley/robustness"
    data = json.dumps(check | {"steps": 400, "num_samples": 1000})
    asking, answers = at_once(port, path, data, 4)
    time.sleep(0.5)
    times = []
    while any(thread.is_alive() for thread in asking):
        times += check_load.latencies(
            port, 100, "/v1/models/two_moons/sample", check_load.body(1000)
        )
    check_load.stop(child)
    times.sort()
    check_load.report(
        "long",
        f"{len(times)} draws beside checks that ended with {sorted(answers)}: median"
        f" {statistics.median(times) * 1e3:.1f} ms, p99 {times[len(times) * 99 // 100] * 1e3:.1f},"
        f" slowest {times[-1] * 1e3:.1f}",
        times[-1] < 0.05,
    )


def resident(child):
    """Megabytes in memory."""
    status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def unread(program):
    child, port = check_load.start(program)
    body = json.dumps({"observation": [0.1, -0.2], "theta": [[0, 0]] * 1_300_000})
    message = f"POST /v1/models/two_moons/log_prob HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}"
    clients = []
    size = 0
    for _ in range(100):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.connect(("127.0.0.1", port))
        try:
            client.sendall(f"{message}\r\n\r\n{body}".encode())
        except OSError:
            pass  # Refused before all of it was sent.
        clients.append(client)
        time.sleep(0.2)
        size = max(size, resident(child))
    begin = time.monotonic()
    answers = [0]
    while answers[-1] != 200 and time.monotonic() < begin + 30:
        for client in clients:
            try:
                client.recv(128, socket.MSG_DONTWAIT)
            except OSError:
                pass
        post(port, "/v1/models/two_moons/sample", check_load.body(10), answers)
        size = max(size, resident(child))
        time.sleep(0.1)
    check_load.stop(child)
    seconds = time.monotonic() - begin
    check_load.report(
        "unread",
        f"{size:.0f} MB at most; {answers.count(503)} refusals of somebody else, then"
        f" {answers[-1]} after {seconds:.1f} s",
        size < 440 and answers[-1] == 200 and seconds < 12,
    )


def memory(program):
    child, port = check_load.start(program)
    time.sleep(1)
    idle_size = resident(child)
    check_load.report("memory, idle", f"{idle_size:.0f} MB", idle_size < 40)
    theta = [[0.123456, -0.234567]] * 600_000
    data = json.dumps({"observation": [0.1, -0.2], "theta": theta})
    for _ in range(2):
        asking, answers = at_once(port, "/v1/models/two_moons/log_prob", data, 64)
        for thread in asking:
            thread.join()
    time.sleep(1)
    size = resident(child)
    check_load.stop(child)
    check_load.report(
        "memory",
        f"{size:.0f} MB after 128 bodies of {len(data) / 1e6:.0f} MB, {answers.count(200)} of the"
        " last 64 answered",
        size < idle_size + 100 and 200 in answers,
    )


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    memory(program)
    unread(program)
    long(program)
    sys.exit(bool(check_load.failures))


if __name__ == "__main__":
    main()
