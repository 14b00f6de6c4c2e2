"""Reads the table of protocol cases and sends its cases to a server.

    python protocol_cases.py PORT        runs every case against 127.0.0.1:PORT in four ways
"""

import pathlib
import re
import socket
import sys

TABLE = pathlib.Path(__file__).parent.parent / "PosteriorServerTests/Fixtures/protocol.cases"
WORDS = {
    "H": b"Host: a\r\n",
    "LIVE": b"GET /v2/health/live HTTP/1.1\r\n",
    "POST": b"POST /v1/models/two_moons/sample HTTP/1.1\r\n",
    "J": b'{"observation":[0,0],"num_samples":1}',
    "TE": b"Transfer-Encoding: chunked\r\n",
}
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}
MARKER = b"GET /v2/health/live HTTP/1.1\r\nHost: marker\r\nX-Request-Id: marker\r\n\r\n"


class Case:
    def __init__(self, name, section, outcome, data):
        self.name, self.section, self.data = name, section, data
        self.answers = [] if outcome == "-" else outcome.split()

    @property
    def closes(self):
        return bool(self.answers) and self.answers[-1].endswith("!")


def expand(text):
    """The bytes that an input stands for."""
    out, _ = _expand(text, 0, nested=False)
    return out


def _expand(text, i, nested):
    out = b""
    while i < len(text):
        character = text[i]
        if character == "\\":
            if text[i + 1] == "x":
                out += bytes([int(text[i + 2 : i + 4], 16)])
                i += 4
            else:
                out += ESCAPES[text[i + 1]]
                i += 2
            continue
        if character == "}" and nested:
            return out, i + 1
        if character == "{":
            word = re.compile(r"\{([A-Z]+)\}").match(text, i)
            count = re.compile(r"\{(\d+)\*").match(text, i)
            if word:
                out += WORDS[word.group(1)]
                i = word.end()
                continue
            if count:
                inner, i = _expand(text, count.end(), nested=True)
                out += int(count.group(1)) * inner
                continue
        out += character.encode("utf-8")
        i += 1
    return out, i


def cases():
    found = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        name, section, outcome, text = (line + " ").split(" | ", 3)
        found.append(Case(name, section, outcome, expand(text[:-1])))
    return found


def answers(data, heads=()):
    """Takes answers apart: a list of (status, closes, head, body), and the bytes after them."""
    found = []
    while data:
        end = data.find(b"\r\n\r\n")
        if end < 0 or not data.startswith(b"HTTP/1."):
            return found, data
        head = data[:end].decode("latin-1")
        status = int(head[9:12])
        data = data[end + 4 :]
        if 100 <= status < 200:
            continue
        fields = [line.split(":", 1) for line in head.split("\r\n")[1:]]
        fields = [(name.lower(), value.strip()) for name, value in fields]
        length = [int(value) for name, value in fields if name == "content-length"]
        chunked = any(n == "transfer-encoding" and v == "chunked" for n, v in fields)
        body = b""
        if len(found) in heads:
            pass
        elif chunked:
            while True:
                line, _, data = data.partition(b"\r\n")
                if not line:
                    return found, b"unfinished chunks"
                size = int(line.split(b";")[0], 16)
                body, data = body + data[:size], data[size + 2 :]
                if size == 0:
                    break
        elif length:
            body, data = data[: length[0]], data[length[0] :]
            if len(body) < length[0]:
                return found, b"unfinished body"
        closes = any(n == "connection" and v.lower() == "close" for n, v in fields)
        found.append((status, closes, head, body))
    return found, b""


def exchange(port, data, pieces=None, ends=True, timeout=10):
    """Sends bytes whole or in pieces, ends the output, and reads to the end."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    received = b""
    try:
        if pieces:
            for start in range(0, len(data), pieces):
                connection.send(data[start : start + pieces])
        else:
            connection.sendall(data)
        if ends:
            connection.shutdown(socket.SHUT_WR)
    except (BrokenPipeError, ConnectionResetError, OSError):
        pass
    try:
        while piece := connection.recv(65536):
            received += piece
    except (ConnectionResetError, TimeoutError):
        received += b"<did not end>"
    connection.close()
    return received


def heads(case):
    """Which answers belong to HEAD requests, as far as that can be told from the table."""
    if case.data.startswith(b"HEAD "):
        return {0}
    return set()


def problem(case, data, trailing=()):
    """What is wrong with the bytes that came back; None when nothing is."""
    expected = case.answers + ([] if case.closes else list(trailing))
    found, rest = answers(data, heads(case))
    if rest:
        return f"unexpected bytes {rest[:60]!r} after {[a[0] for a in found]}"
    words = [f"{status}{'!' if closes else ''}" for status, closes, _, _ in found]
    if len(words) != len(expected):
        return f"expected {expected}, found {words}"
    for word, wanted in zip(words, expected):
        statuses = wanted.rstrip("!").split("/")
        if word.rstrip("!") not in statuses or word.endswith("!") != wanted.endswith("!"):
            return f"expected {expected}, found {words}"
    for status, closes, head, body in found:
        if "\r\ndate:" not in head.lower():
            return "an answer has no Date"
    return None


def main():
    port = int(sys.argv[1])
    failures = 0
    for case in cases():
        results = {
            "whole": problem(case, exchange(port, case.data)),
            "byte by byte": problem(case, exchange(port, case.data, pieces=1)),
        }
        if case.answers:
            results["with a second request"] = problem(
                case, exchange(port, case.data + MARKER), ["200"]
            )
            results["with garbage"] = problem(case, exchange(port, case.data + b"\0\xff"), ["400!"])
        for way, text in results.items():
            if text:
                failures += 1
                print(f"{case.name} ({case.section}), {way}: {text}")
    print(f"{len(cases())} cases, {failures} failures")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
