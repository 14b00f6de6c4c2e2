"""Sends every protocol case through nginx and HAProxy and checks that no request loses its place.

    python3 Tests/Proxies/check_proxies.py .build/release/posterior-server

Needs nginx and haproxy in the path. Starts the server and three proxies before it: nginx that
buffers requests, nginx that does not, and HAProxy; all keep their connections to the server and
use them for whoever comes next, which is where a disagreement about the end of a request shows.

For each case a client sends the case with a request of its own behind it, and then another client
sends a request with a name nobody else has. The second client has to get the answer to its own
request; the first has to get the answer to what it sent last in the last place or not at all, and
never more answers than it sent requests. A proxy may refuse a case by itself, or mend it.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import protocol_cases

NGINX = """
daemon off; master_process off; pid {folder}/nginx-{port}.pid; error_log {folder}/nginx.log crit;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  large_client_header_buffers 8 64k; client_max_body_size 64m; underscores_in_headers on;
  ignore_invalid_headers off; merge_slashes off;
  upstream server {{ server 127.0.0.1:{server}; keepalive 1; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://server; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $http_host; proxy_request_buffering {buffering};
      proxy_next_upstream off;
    }}
  }}
}}
"""

HAPROXY = """
global
  maxconn 512
  tune.bufsize 65536
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  option http-keep-alive
  http-reuse always
frontend front
  bind 127.0.0.1:{port}
  default_backend server
backend server
  server one 127.0.0.1:{server} pool-max-conn 1
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"nothing listens on port {port}")


def request(name):
    """A request whose answer names it, in its content and in its X-Request-Id."""
    text = (
        f"GET /v1/models/{name} HTTP/1.1\r\nHost: a\r\nX-Request-Id: {name}\r\n"
        "Connection: close\r\n\r\n"
    )
    return text.encode()


def belongs(answer, name):
    _, _, head, body = answer
    return f"x-request-id: {name}" in head.lower() and f"named {name};".encode() in body


def check(port, case, number):
    """What went wrong with a case; None when nothing did."""
    last, other = f"last-{number}", f"other-{number}"
    received = protocol_cases.exchange(port, case.data + request(last), ends=False, timeout=0.5)
    received = received.replace(b"<did not end>", b"")
    found, rest = protocol_cases.answers(received, protocol_cases.heads(case))
    if re.search(rb"HTTP/1\.\d \d\d\d ", rest):
        # What has no status line is an answer as HTTP/0.9 has it, which nginx still speaks.
        return f"an answer of the wrong length: {rest[:60]!r}"
    of_last = [index for index, answer in enumerate(found) if belongs(answer, last)]
    if len(of_last) > 1 or of_last and of_last[0] != len(found) - 1:
        return "the last request was answered out of its place"
    if of_last and not case.answers and b"\r\n\r\n" in case.data:
        return "a request was answered that is part of another"
    sent = max(len(case.answers), case.data.count(b"HTTP/1.")) + 1
    if len(found) > sent:
        return f"{len(found)} answers to {sent} requests"
    for _ in range(2):
        answer = protocol_cases.exchange(port, request(other), ends=False, timeout=2)
        found, rest = protocol_cases.answers(answer.replace(b"<did not end>", b""))
        if rest or len(found) != 1 or not belongs(found[0], other):
            return f"another client got {answer[:300]!r}"
    return None


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    models = pathlib.Path(__file__).resolve().parent.parent.parent / "models"
    for needed in ("nginx", "haproxy"):
        if not shutil.which(needed):
            sys.exit(f"{needed} is not installed")
    folder = tempfile.mkdtemp()
    server = free_port()
    children = [
        subprocess.Popen(
            [program, "--models", models, "--port", str(server)], stdout=subprocess.DEVNULL
        )
    ]
    fronts = {}
    try:
        wait_for(server)
        for name, template in (
            ("nginx", NGINX.replace("{buffering}", "on")),
            ("nginx without buffering", NGINX.replace("{buffering}", "off")),
            ("HAProxy", HAPROXY),
        ):
            port = free_port()
            path = os.path.join(folder, f"{port}.conf")
            pathlib.Path(path).write_text(template.format(folder=folder, port=port, server=server))
            command = ["haproxy", "-db", "-f", path] if name == "HAProxy" else ["nginx", "-c", path]
            children.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
            wait_for(port)
            fronts[name] = port
        failures = 0
        cases = protocol_cases.cases()
        for name, port in fronts.items():
            for number, case in enumerate(cases):
                trouble = check(port, case, number)
                if trouble:
                    failures += 1
                    print(f"{name}: {case.name} ({case.section}): {trouble}")
            print(f"{name}: {len(cases)} cases")
        print(f"{failures} failures")
    finally:
        for child in reversed(children):
            child.send_signal(signal.SIGTERM)
        for child in children:
            try:
                child.wait(timeout=3)
            except subprocess.TimeoutExpired:
                child.kill()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
