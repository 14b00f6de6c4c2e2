"""Fisher information and attacks of a flow imported from sbi, against an independent torch version.

Trains a small MAF with sbi on a bent Gaussian model, exports it with `deploy/import/export_sbi.py`, starts
posterior-server on it, and for a number of observations

- compares the Fisher matrix with respect to x, from 100,000 draws on either side, entry by entry in units
  of its Monte Carlo error;
- attacks with projected gradient ascent of the same steps and draws on either side, judges both results
  with torch, and holds that ours moves the posterior at least as far, within Monte Carlo error.

sbi 0.27, torch 2.13; one thread or many gives the same within error.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import pickle
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import numpy as np
import servers
import torch
from sbi.inference import NPE
from sbi.neural_nets import posterior_nn
from torch import Tensor
from torch.distributions import Independent, Normal

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PORT = 18097
THETA_DIM, X_DIM = 3, 4


def simulate(theta: Tensor) -> Tensor:
    """x: products and sums of the parameters, with noise."""
    a, b, c = theta.unbind(1)
    mean = torch.stack([a + 0.3 * b**2, b - c, torch.tanh(2 * c), a * c], 1)
    return mean + 0.2 * torch.randn_like(mean)


def train(seed: int):
    torch.manual_seed(seed)
    prior = Independent(Normal(torch.zeros(THETA_DIM), torch.ones(THETA_DIM)), 1)
    theta = prior.sample((4000,))
    builder = posterior_nn("maf", hidden_features=30, num_transforms=3)
    inference = NPE(prior, density_estimator=builder, show_progress_bars=False)
    inference.append_simulations(theta, simulate(theta))
    inference.train(max_num_epochs=60, training_batch_size=200)
    return inference.build_posterior(), simulate(prior.sample((64,)))


class Flow:
    """The density alone, with gradients by the observation."""

    def __init__(self, posterior):
        self.estimator = posterior.posterior_estimator.eval()
        for parameter in self.estimator.parameters():
            parameter.requires_grad_(False)

    def draw(self, x: Tensor, count: int) -> Tensor:
        """[count, D]"""
        with torch.no_grad():
            return self.estimator.sample((count,), x[None])[:, 0]

    def log_prob(self, theta: Tensor, x: Tensor) -> Tensor:
        """[N] of theta [N, D] given x [N, L]."""
        return self.estimator.log_prob(theta[None], x)[0]

    def fisher(self, x: Tensor, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The mean of g gᵀ and its standard error."""
        total = np.zeros((X_DIM, X_DIM))
        squares = np.zeros_like(total)
        for theta in self.draw(x, count).split(10_000):
            conditions = x.repeat(len(theta), 1).requires_grad_(True)
            (g,) = torch.autograd.grad(self.log_prob(theta, conditions).sum(), conditions)
            outer = (g[:, :, None] * g[:, None, :]).double().numpy()
            total += outer.sum(0)
            squares += (outer**2).sum(0)
        mean = total / count
        return mean, np.sqrt((squares / count - mean**2) / count)

    def divergence(self, x: Tensor, attacked: Tensor, count: int = 4096) -> tuple[float, float]:
        """KL(q(. | x) || q(. | attacked)) and its standard error."""
        theta = self.draw(x, count)
        with torch.no_grad():
            ratio = self.log_prob(theta, x.repeat(count, 1))
            ratio = (ratio - self.log_prob(theta, attacked.repeat(count, 1))).double()
        return ratio.mean().item(), ratio.std().item() / math.sqrt(count)

    def attack(self, x: Tensor, radius: float, steps: int, draws: int) -> Tensor:
        direction = torch.randn(X_DIM)
        length = radius * torch.rand(()) ** (1 / X_DIM)
        delta = direction / direction.norm() * length
        for _ in range(steps):
            theta = self.draw(x, draws)
            moved = (x + delta).requires_grad_(True)
            loss = -self.log_prob(theta, moved.repeat(draws, 1)).mean()
            (g,) = torch.autograd.grad(loss, moved)
            if g.norm() > 0:
                delta = delta + radius / 10 * g / g.norm()
            delta = delta * min(1.0, radius / delta.norm().item())
        return x + delta


def post(url: str, body: dict) -> list[dict]:
    request = urllib.request.Request(url, json.dumps(body).encode())
    with urllib.request.urlopen(request) as response:
        return json.load(response)["results"]


def compare(flow: Flow, observations: Tensor, url: str, options: argparse.Namespace) -> bool:
    worst = 0.0
    ours, theirs, errors = [], [], []
    for index, x in enumerate(observations):
        mean, error = flow.fisher(x, options.draws)
        body = {"observation": x.tolist(), "seed": index}
        answer = post(f"{url}/fisher", {**body, "num_samples": options.draws, "matrix": True})[0]
        matrix = np.array(answer["matrix"]).reshape(X_DIM, X_DIM)
        # Either side has the Monte Carlo error.
        worst = max(worst, float(np.max(np.abs(matrix - mean) / (math.sqrt(2) * error))))
        answer = post(
            f"{url}/attack",
            {
                **body,
                "epsilon": options.radius,
                "epsilon_unit": "absolute",
                "method": options.method,
                "steps": options.steps,
                "num_samples": options.attack_draws,
            },
        )[0]
        attacked = torch.tensor(answer["adversarial_observation"])
        own, own_error = flow.divergence(x, attacked)
        reported = abs(answer["kl_clean_attacked"] - own)
        limit = 5 * math.hypot(own_error, answer["kl_clean_attacked_standard_error"]) + 1e-3
        if reported > limit:
            print(f"observation {index}: reported divergence off by {reported:.3g}, at most {limit:.3g}")
            return False
        peer, peer_error = flow.divergence(
            x, flow.attack(x, options.radius, options.steps, options.attack_draws)
        )
        ours.append(own)
        theirs.append(peer)
        errors.append(math.hypot(own_error, peer_error))
    gain = np.array(ours) - np.array(theirs)
    error = math.sqrt(np.mean(np.square(errors)) / len(errors))
    entries = X_DIM**2 * len(observations)
    print(f"Fisher matrix: largest deviation {worst:.2f} standard errors of {entries} entries")
    print(
        f"attack: mean KL {np.mean(ours):.4f} against {np.mean(theirs):.4f}; "
        f"median gain {np.median(gain):+.4f}, mean {gain.mean():+.4f} +- {error:.4f}"
    )
    return worst < 5 and gain.mean() > -3 * error


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--observations", type=int, default=20)
    parser.add_argument("--draws", type=int, default=100_000)
    parser.add_argument("--radius", type=float, default=0.3)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--attack-draws", type=int, default=5)
    parser.add_argument("--method", default="pgd", choices=["pgd", "adaptive"])
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    posterior, observations = train(options.seed)
    binary = os.environ.get("POSTERIOR_SERVER", REPOSITORY / ".build/release/posterior-server")
    with tempfile.TemporaryDirectory() as folder:
        pickled = Path(folder) / "posterior.pkl"
        pickled.write_bytes(pickle.dumps(posterior))
        model = Path(folder) / "models/bent/1/model.safetensors"
        model.parent.mkdir(parents=True)
        export = str(REPOSITORY / "deploy/import/export_sbi.py")
        subprocess.run([sys.executable, export, str(pickled), str(model)], check=True)
        server = servers.posterior_server(Path(binary), Path(folder) / "models", PORT)
        with servers.running(server):
            url = f"{server.url}/v1/models/bent"
            passed = compare(
                Flow(posterior), observations[: options.observations], url, options
            )
    sys.exit(0 if passed else "posterior-server and torch disagree")


if __name__ == "__main__":
    main()
