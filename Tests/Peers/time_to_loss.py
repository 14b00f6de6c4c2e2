"""Times training to one loss: sbi to its best, posterior-trainer to the same on the same data.

Both get the same simulations of the linear Gaussian task in a file, and split off a tenth to stop by.
sbi trains as its users do, `NPE(...).train()` with its defaults, and its clock stops at the epoch
whose weights it keeps: the twenty epochs that it waits after that are not counted. posterior-trainer
runs as a command with ever more epochs until its model, served, is as good on fresh simulations as
sbi's; the time is that of the one command that reached it, start and writing of the file included.

`maf` is the same architecture on both sides: 5 transforms, 2 blocks of 50 units. `nsf` is sbi's
`maf_rqs`, the autoregressive spline flow, with 10 bins.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from pathlib import Path

import numpy as np
import servers
import timing

REPOSITORY = Path(__file__).resolve().parent.parent.parent
EPOCHS = (3, 5, 8, 12, 16, 20, 25, 30, 40, 60, 80, 120, 160, 240)
GOAL = 10.0
PORT = 18095


def simulate(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of the linear Gaussian task, in single precision."""
    generator = np.random.default_rng(seed)
    theta = generator.standard_normal((count, timing.THETA_DIM))
    noise = timing.LINEAR_GAUSSIAN_NOISE * generator.standard_normal((count, timing.X_DIM))
    x = theta * np.array(timing.LINEAR_GAUSSIAN_DIAGONAL) + noise
    return theta.astype(np.float32), x.astype(np.float32)


def train_sbi(
    kind: str, data: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], threads: int
) -> tuple[float, float, int]:
    """Loss on fresh simulations, seconds to the kept epoch, and that epoch."""
    import torch
    from sbi.inference import NPE
    from sbi.neural_nets import posterior_nn

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    prior = torch.distributions.MultivariateNormal(
        torch.zeros(timing.THETA_DIM), torch.eye(timing.THETA_DIM)
    )
    builder = posterior_nn({"maf": "maf", "nsf": "maf_rqs"}[kind])
    inference = NPE(prior=prior, density_estimator=builder, show_progress_bars=False)
    inference.append_simulations(*(torch.from_numpy(part) for part in data))
    estimator = inference.train().eval()
    losses = inference.summary["validation_loss"]
    best = int(np.argmin(losses))
    seconds = sum(inference.summary["epoch_durations_sec"][: best + 1])
    theta, x = (torch.from_numpy(part) for part in test)
    with torch.no_grad():
        loss = -estimator.log_prob(theta.unsqueeze(0), condition=x).mean().item()
    return loss, seconds, best + 1


def served_loss(server: Path, models: Path, test: tuple[np.ndarray, np.ndarray]) -> float:
    """The loss of the model in a folder on fresh simulations, asked over HTTP."""
    theta, x = test
    body = json.dumps({"observations": x.tolist(), "theta": theta[:, None, :].tolist()})
    process = servers.posterior_server(server, models, PORT)
    with servers.running(process):
        request = urllib.request.Request(
            f"{process.url}/v1/models/timed/log_prob", data=body.encode()
        )
        with urllib.request.urlopen(request) as response:
            results = json.load(response)["results"]
    return -math.fsum(result["log_prob"][0] for result in results) / len(results)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--estimators", default="maf,nsf", help="as in maf,nsf")
    parser.add_argument("--simulations", type=int, default=10_000)
    parser.add_argument("--threads", type=timing.thread_counts, default=[1, 2], help="of sbi")
    parser.add_argument(
        "--binaries", type=Path, default=REPOSITORY / ".build" / "release", help="ours"
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    data = simulate(arguments.simulations, seed=1)
    test = simulate(2000, seed=2)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        simulations = Path(folder, "simulations.npz")
        np.savez(simulations, theta=data[0], x=data[1])
        prior = Path(folder, "prior.json")
        prior.write_text(
            json.dumps(
                {
                    "type": "diagonal_normal",
                    "mean": [0] * timing.THETA_DIM,
                    "standard_deviation": [1] * timing.THETA_DIM,
                }
            )
        )
        for kind in arguments.estimators.split(","):
            runs = [train_sbi(kind, data, test, threads) for threads in arguments.threads]
            target, peer_seconds, peer_epoch = min(runs, key=lambda run: run[1])
            print(f"{kind}: sbi {target:.4f} nats in {peer_seconds:.1f} s, epoch {peer_epoch}")
            for epochs in EPOCHS:
                models = Path(folder, f"{kind}-{epochs}")
                command = [
                    str(arguments.binaries / "posterior-trainer"), "train",
                    "--data", str(simulations), "--prior", str(prior), "--estimator", kind,
                    "--epochs", str(epochs), "--weight-decay", "0.05", "--test-simulations", "0",
                    "--output", str(models / "timed" / "1"),
                ]  # fmt: skip
                start = time.perf_counter()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                seconds = time.perf_counter() - start
                loss = served_loss(arguments.binaries / "posterior-server", models, test)
                print(f"  ours {loss:.4f} nats in {seconds:.2f} s, {epochs} epochs")
                if loss <= target:
                    ratio = peer_seconds / seconds
                    verdict = "met" if ratio >= GOAL else "missed"
                    print(f"  {ratio:.1f}× ≥ {GOAL:g}: {verdict}")
                    rows.append(
                        {
                            "estimator": kind,
                            "sbi_loss": target,
                            "sbi_seconds": peer_seconds,
                            "sbi_epoch": peer_epoch,
                            "loss": loss,
                            "seconds": seconds,
                            "epochs": epochs,
                            "ratio": ratio,
                        }
                    )
                    break
            else:
                print("  not reached", file=sys.stderr)
    if arguments.json:
        document = {"comparison": rows, "machine": timing.machine()}
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
