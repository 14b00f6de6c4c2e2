"""A small client of a running posterior-server."""

from __future__ import annotations

import argparse
import json
import os
import urllib.error
import urllib.request
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class PosteriorClient:
    """Asks one server for draws and densities."""

    def __init__(self, url: str, timeout: float = 300) -> None:
        self.url = url.rstrip("/")
        self.timeout = timeout

    def post(self, path: str, body: dict[str, object]) -> dict[str, object]:
        """Posts JSON; a refusal is raised with the server's own message."""
        request = urllib.request.Request(
            self.url + path,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            message = error.read().decode(errors="replace")
            raise RuntimeError(f"POST {path}: {error.code} {message}") from error

    def results(self, model: str, call: str, body: dict[str, object]) -> list[dict[str, object]]:
        """The entries of an answer, none of which may be an error."""
        entries = self.post(f"/v1/models/{model}/{call}", body)["results"]
        assert isinstance(entries, list)
        for k, entry in enumerate(entries):
            if "error" in entry:
                raise RuntimeError(f"observation {k} of {model}/{call}: {entry['error']}")
        return entries

    def sample(self, model: str, observations: Array, count: int, seed: int) -> Array:
        """Draws [B, S, D] for observations [B, L]."""
        body = {"observations": observations.tolist(), "num_samples": count, "seed": seed}
        return np.array([entry["samples"] for entry in self.results(model, "sample", body)])

    def log_prob(self, model: str, observations: Array, theta: Array) -> Array:
        """Log densities [B, S] of theta [B, S, D]; −∞ where the server says null."""
        body = {"observations": observations.tolist(), "theta": theta.tolist()}
        rows: Sequence[dict] = self.results(model, "log_prob", body)
        return np.array(
            [[-np.inf if v is None else v for v in row["log_prob"]] for row in rows], dtype=float
        )


def add_url_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--url",
        default=os.environ.get("POSTERIOR_SERVER_URL", "http://127.0.0.1:8080"),
        help="the running server, default POSTERIOR_SERVER_URL or http://127.0.0.1:8080",
    )
