"""Kills training again and again, resumes it, and compares what it wrote with an unbroken run.

Run: python3 Tests/EndToEnd/kill_and_resume.py [--trainer PATH] [--rounds N] [--seed S]
Needs nothing but Python. For each mode of training, the same command runs once to its end, and
once killed with SIGKILL at random times and resumed until it comes through. Every file both have
written must be equal byte for byte, and nothing else may be left.
"""

import argparse
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

COMMON = "--estimator mdn --epochs 12"
TASK = "--task two_moons --simulations 20000 --test-simulations 0"
DATA = "--data {data} --fit-prior box"
MODES = {
    "two weight decays": "",
    "adam, cosine": "--optimizer adam",
    "adamw, plateaus": "--weight-decay 0.1 --schedule plateau --plateau-patience 1",
    "constant, growing batches": "--weight-decay 0.1 --schedule constant --batch-size 32:512",
    "no average, no clipping": "--optimizer adam --average-decay 0 --gradient-norm 0",
    "other z-scores": "--optimizer adam --z-score-theta none --z-score-x structured",
    "flow": "--optimizer adam --estimator maf --epochs 4",
    "members": "--optimizer adam --members 3 --epochs 5",
    "members, two weight decays": "--members 2 --epochs 4",
    "members together": "--optimizer adam --members 2 --jointly --epochs 5",
    "truncated": "--optimizer adam --support truncated",
    "files": "--optimizer adam",
    "time limit": "--optimizer adam --time-limit 0.2s",
}


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    """Every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def command(trainer: str, folder: pathlib.Path, flags: str, source: str) -> list[str]:
    output = ["--output", str(folder / "model" / "1"), "--checkpoint-every", "0.01s"]
    return [trainer, "train", *source.split(), *COMMON.split(), *flags.split(), *output]


def run_killed(arguments: list[str], folder: pathlib.Path, longest: float) -> int:
    """Runs a command until it comes through; the number of times it was killed."""
    kills = 0
    while True:
        process = subprocess.Popen(
            arguments + ["--resume"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        try:
            _, errors = process.communicate(timeout=random.uniform(0, longest))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
            continue
        if process.returncode != 0:
            sys.exit(f"{' '.join(arguments)}\nended with {process.returncode}:\n{errors}")
        if "not finished" not in errors:
            return kills


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--trainer", default=".build/release/posterior-trainer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random.seed(options.seed)
    for mode, flags in MODES.items():
        with tempfile.TemporaryDirectory() as name:
            whole = pathlib.Path(name) / "whole"
            data = str(pathlib.Path(name) / "sims.npz")
            simulate = f"simulate --task two_moons --simulations 20000 --output {data}"
            subprocess.run([options.trainer, *simulate.split()], check=True, capture_output=True)
            source = DATA.format(data=data) if mode == "files" else TASK
            unlimited = flags.replace("--time-limit 0.2s", "")
            start = time.monotonic()
            subprocess.run(
                command(options.trainer, whole, unlimited, source), check=True, capture_output=True
            )
            duration = time.monotonic() - start
            expected = contents(whole)
            kills = 0
            for round in range(options.rounds):
                broken = pathlib.Path(name) / str(round)
                arguments = command(options.trainer, broken, flags, source)
                kills += run_killed(arguments, broken, duration * 0.6)
                found = contents(broken)
                if found.keys() != expected.keys():
                    sys.exit(f"{mode}: found {sorted(found)}, expected {sorted(expected)}")
                for file, data in expected.items():
                    if found[file] != data:
                        sys.exit(f"{mode}: {file} is another after {kills} kills")
        print(f"{mode}: equal after {kills} kills in {options.rounds} rounds ({duration:.1f} s)")


if __name__ == "__main__":
    main()
