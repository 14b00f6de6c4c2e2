"""Serves an sbi posterior with FastAPI: the peer of posterior-server.

The same architecture as the shipped linear Gaussian model (a masked autoregressive flow of 5
transforms with 2 blocks of 50 units, 10 parameters, 10 observations), the same request and response.
The weights are sbi's initial ones: the work does not depend on them.

    python serve_fastapi.py --port 8082 --workers 2
"""

from __future__ import annotations

import argparse
import os
import secrets
from typing import Annotated

import timing
import torch
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, Field
from sbi.inference.posteriors import DirectPosterior
from sbi.neural_nets.net_builders import build_maf
from torch.distributions import MultivariateNormal

THREADS_VARIABLE = "PEERS_TORCH_THREADS"
MODEL = "linear_gaussian"

Observation = Annotated[
    list[float], Field(min_length=timing.X_DIM, max_length=timing.X_DIM)
]


class SampleRequest(BaseModel):
    """Which posteriors to draw from, and how often."""

    observations: list[Observation]
    num_samples: int = Field(ge=1, le=100_000)
    seed: int | None = None


class SampleResult(BaseModel):
    """The draws of one observation."""

    samples: list[list[float]]


class SampleResponse(BaseModel):
    """The draws of every observation, in the order asked."""

    model: str
    version: int
    seed: int
    results: list[SampleResult]


def load_posterior() -> DirectPosterior:
    """The posterior that every worker holds."""
    torch.manual_seed(1)
    theta = torch.randn(1000, timing.THETA_DIM)
    noise = timing.LINEAR_GAUSSIAN_NOISE * torch.randn(1000, timing.X_DIM)
    x = theta * torch.tensor(timing.LINEAR_GAUSSIAN_DIAGONAL) + noise
    estimator = build_maf(
        theta,
        x,
        hidden_features=timing.MAF_HIDDEN,
        num_transforms=timing.MAF_TRANSFORMS,
        num_blocks=timing.MAF_BLOCKS,
    )
    prior = MultivariateNormal(torch.zeros(timing.THETA_DIM), torch.eye(timing.THETA_DIM))
    return DirectPosterior(posterior_estimator=estimator.eval(), prior=prior)


def create_app() -> FastAPI:
    """The application of one worker."""
    torch.set_num_threads(int(os.environ.get(THREADS_VARIABLE, "1")))
    posterior = load_posterior()
    app = FastAPI()

    @app.post(f"/v1/models/{MODEL}/sample")
    def sample(request: SampleRequest) -> SampleResponse:
        seed = secrets.randbits(32) if request.seed is None else request.seed
        torch.manual_seed(seed)
        shape = torch.Size([request.num_samples])
        with torch.no_grad():
            draws = [
                posterior.sample(shape, x=torch.tensor(x), show_progress_bars=False)
                for x in request.observations
            ]
        results = [SampleResult(samples=theta.tolist()) for theta in draws]
        return SampleResponse(model=MODEL, version=1, seed=seed, results=results)

    @app.get("/v2/health/live")
    def live() -> dict[str, bool]:
        return {"live": True}

    return app


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8082)
    parser.add_argument("--workers", type=int, default=2, help="uvicorn processes")
    parser.add_argument("--torch-threads", type=int, default=1, help="torch threads of a worker")
    arguments = parser.parse_args()
    os.environ[THREADS_VARIABLE] = str(arguments.torch_threads)
    uvicorn.run(
        "serve_fastapi:create_app",
        factory=True,
        host=arguments.host,
        port=arguments.port,
        workers=arguments.workers,
        log_level="warning",
        access_log=False,
        app_dir=os.path.dirname(os.path.abspath(__file__)),
    )


if __name__ == "__main__":
    main()
