"""Starts posterior-server as systemd would, with a listening socket and a watchdog.

    python3 Tests/EndToEnd/socket_activation.py .build/release/posterior-server models

Prints what was seen and ends with 1 when something is missing.
"""

import os
import signal
import socket
import sys
import tempfile
import urllib.request


def expect(condition, text):
    print(("ok    " if condition else "FAILED"), text)
    if not condition:
        sys.exit(1)


def main(program, models):
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    port = listener.getsockname()[1]
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "notify")
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(path)
    notify.settimeout(20)

    child = os.fork()
    if child == 0:
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)
        environment = dict(os.environ, LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        environment.update(NOTIFY_SOCKET=path, WATCHDOG_USEC="1000000")
        # The port is taken already: without the socket that is handed over this would fail.
        arguments = [program, "--models", models, "--port", str(port), "--drain-delay", "0"]
        os.execve(program, arguments, environment)

    def message(*boring):
        while True:
            text = notify.recv(512).decode()
            if text not in boring:
                return text

    expect(message() == "READY=1", "READY=1 when it listens")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/health/ready") as answer:
        expect(answer.status == 200, "requests on the socket that was handed over")
    expect(message() == "WATCHDOG=1", "WATCHDOG=1 while the loops answer")
    os.kill(child, signal.SIGHUP)
    text = message("WATCHDOG=1")
    expect(text.startswith("RELOADING=1\nMONOTONIC_USEC="), "RELOADING=1 on SIGHUP")
    expect(message("WATCHDOG=1") == "READY=1", "READY=1 after it")
    os.kill(child, signal.SIGTERM)
    expect(message("WATCHDOG=1") == "STOPPING=1", "STOPPING=1 on SIGTERM")
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    expect(status == 0, "exit status 0")


if __name__ == "__main__":
    main(*sys.argv[1:3])
