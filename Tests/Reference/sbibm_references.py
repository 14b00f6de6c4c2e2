"""The observations and reference posteriors of sbibm's ten tasks, from the installed package.

sbibm 1.1.0 (MIT licence) ships for each task ten observations and 10,000 samples of each of their
posteriors. Only its data files are read, so `pip install --no-deps sbibm==1.1.0` is enough.

    python3 Tests/Reference/sbibm_references.py references DIR
        writes DIR/<task>/<1 … 10>.npy, float32 [10000, D], for `posterior-trainer benchmark`
    python3 Tests/Reference/sbibm_references.py observations > Sources/Simulators/ReferenceObservations.swift
        writes the observations as Swift (then run `swift format -i` on the file)

slcp_distractors has slcp's posteriors and bernoulli_glm_raw those of bernoulli_glm.
"""

import argparse
import bz2
import importlib.util
import pathlib

import numpy as np

# Task: sbibm's folder, the file of the observation.
TASKS = {
    "gaussian_linear": ("gaussian_linear", "observation"),
    "gaussian_linear_uniform": ("gaussian_linear_uniform", "observation"),
    "slcp": ("slcp", "observation"),
    "slcp_distractors": ("slcp", "observation_distractors"),
    "bernoulli_glm": ("bernoulli_glm", "observation"),
    "bernoulli_glm_raw": ("bernoulli_glm", "observation_raw"),
    "gaussian_mixture": ("gaussian_mixture", "observation"),
    "two_moons": ("two_moons", "observation"),
    "sir": ("sir", "observation"),
    "lotka_volterra": ("lotka_volterra", "observation"),
}
# The Swift names; two_moons keeps its observations with its simulator.
NAMES = {
    "gaussian_linear": "gaussianLinear",
    "gaussian_linear_uniform": "gaussianLinearUniform",
    "slcp": "slcp",
    "slcp_distractors": "slcpDistractors",
    "bernoulli_glm": "bernoulliGLM",
    "bernoulli_glm_raw": "bernoulliGLMRaw",
    "gaussian_mixture": "gaussianMixture",
    "sir": "sir",
    "lotka_volterra": "lotkaVolterra",
}


def package():
    spec = importlib.util.find_spec("sbibm")
    if spec is None:
        raise SystemExit("sbibm is not installed: pip install --no-deps sbibm==1.1.0")
    return pathlib.Path(spec.submodule_search_locations[0])


def folder(task, index):
    return package() / "tasks" / TASKS[task][0] / "files" / f"num_observation_{index}"


def observation(task, index):
    path = folder(task, index) / f"{TASKS[task][1]}.csv"
    return path.read_text().split()[1].split(",")


def samples(task, index):
    data = bz2.decompress((folder(task, index) / "reference_posterior_samples.csv.bz2").read_bytes())
    rows = data.decode().split()[1:]
    return np.array([row.split(",") for row in rows], dtype=np.float32)


def write_references(directory):
    for task in TASKS:
        target = pathlib.Path(directory) / task
        target.mkdir(parents=True, exist_ok=True)
        for index in range(1, 11):
            np.save(target / f"{index}.npy", samples(task, index))


def print_observations():
    print("// Written by Tests/Reference/sbibm_references.py from sbibm 1.1.0 (MIT licence).\n")
    print("/// sbibm's ten observations of each task, `num_observation_1` … `_10`, each `[L]`.")
    print("enum ReferenceObservations {")
    for task, name in NAMES.items():
        rows = [observation(task, index) for index in range(1, 11)]
        print(f"    /// The observations of `{task}`.")
        if task == "bernoulli_glm_raw":
            print(f"    static let {name}: [[Float]] = [")
            for row in rows:
                print('        "' + "".join(str(int(float(v))) for v in row) + '",')
            print('    ].map { $0.map { $0 == "1" ? 1 : 0 } }\n')
            continue
        print(f"    static let {name}: [[Float]] = [")
        for row in rows:
            line = "        ["
            for value in row:
                text = repr(float(value)).removesuffix(".0")
                if len(line) + len(text) > 96:
                    print(line.rstrip())
                    line = "            "
                line += text + ", "
            print(line.rstrip(", ") + "],")
        print("    ]\n")
    print("}")


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
commands = parser.add_subparsers(dest="command", required=True)
commands.add_parser("references").add_argument("directory")
commands.add_parser("observations")
arguments = parser.parse_args()
if arguments.command == "references":
    write_references(arguments.directory)
else:
    print_observations()
