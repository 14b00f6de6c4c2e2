"""The decoder of the task `digits_vae`: Sources/CDigitsDecoder/decoder.bin.

Run: python3 Tests/Reference/digits_decoder.py
Needs torch 2.13.0 and scikit-learn 1.9.1; seed 0, on the CPU. A variational autoencoder with three
latent dimensions is trained on scikit-learn's bundled digits: 1797 images of 8 x 8 with values 0 to
16, the test part of "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak, 1998, UCI
Machine Learning Repository, doi:10.24432/C50P49, CC BY 4.0), scaled to [0, 1] and enlarged
bilinearly to 28 x 28. The recipe is that of Gloeckler et al. (2023), arXiv:2305.14984: encoder 784,
500, 500, then mean and log-variance; decoder 3, 500, 500, 500, 784; ReLU; sigmoid pixels with normal
noise of sd 0.5; KL weight 1; Adam; batch 256.

The weights are rounded to whole multiples, -127 to 127, of a step of their own for each unit, which
is 1/127 of the largest weight. The rounded network *is* the decoder of the task.

decoder.bin, layer after layer of each part: all weights as int8 [out, in]; all steps and then all
biases as float32, little-endian, one a unit.
"""

import argparse
import pathlib

import numpy as np
import sklearn
import torch
from sklearn.datasets import load_digits
from torch import nn

SIZES = [3, 500, 500, 500, 784]
FILE = pathlib.Path(__file__).parents[2] / "Sources/CDigitsDecoder/decoder.bin"


def images():
    digits = torch.tensor(load_digits().images, dtype=torch.float32) / 16
    large = nn.functional.interpolate(
        digits[:, None], size=(28, 28), mode="bilinear", align_corners=False
    )
    return large.reshape(-1, 784)


def network(sizes):
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def train(steps):
    torch.manual_seed(0)
    x = images()
    encoder, decoder = network([784, 500, 500, 6]), network(SIZES)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()])
    step = 0
    while step < steps:
        for batch in torch.randperm(len(x)).split(256):
            mean, log_variance = encoder(x[batch]).chunk(2, dim=1)
            theta = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
            pixels = torch.sigmoid(decoder(theta))
            misfit = ((x[batch] - pixels) ** 2).sum(1) / (2 * 0.5**2)
            kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)
            loss = (misfit + kl).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            if step % 500 == 0:
                print(f"step {step}: loss {loss:.3f}, KL {kl.mean():.3f}", flush=True)
    return [layer for layer in decoder if isinstance(layer, nn.Linear)]


def rounded(layer):
    """Weights as int8, their steps, and biases."""
    weight = layer.weight.detach()
    step = weight.abs().amax(1) / 127
    return (weight / step[:, None]).round().to(torch.int8), step, layer.bias.detach()


def load(path=FILE):
    """The layers (weight, bias) that decoder.bin defines, in double precision."""
    data = pathlib.Path(path).read_bytes()
    units = sum(SIZES[1:])
    floats = np.frombuffer(data[-8 * units :], "<f4").astype(float)
    layers, at, unit = [], 0, 0
    for inputs, outputs in zip(SIZES, SIZES[1:]):
        weight = np.frombuffer(data[at : at + inputs * outputs], np.int8).astype(float)
        step = floats[unit : unit + outputs, None]
        layers.append(
            (weight.reshape(outputs, inputs) * step, floats[units + unit : units + unit + outputs])
        )
        at += inputs * outputs
        unit += outputs
    return layers


def decode(layers, theta):
    for weight, bias in layers[:-1]:
        theta = np.maximum(theta @ weight.T + bias, 0)
    return 1 / (1 + np.exp(-(theta @ layers[-1][0].T + layers[-1][1])))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=14100)
    parser.add_argument("--output", type=pathlib.Path, default=FILE)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    layers = train(arguments.steps)
    parts = [rounded(layer) for layer in layers]
    data = b"".join(weight.numpy().tobytes() for weight, _, _ in parts)
    for index in (1, 2):
        data += b"".join(part[index].numpy().astype("<f4").tobytes() for part in parts)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_bytes(data)

    theta = np.random.default_rng(0).normal(size=(10_000, 3))
    exact = [(l.weight.detach().double().numpy(), l.bias.detach().double().numpy()) for l in layers]
    before, pixels = decode(exact, theta), decode(load(arguments.output), theta)
    x = pixels + 0.05 * np.random.default_rng(1).normal(size=pixels.shape)
    print(f"torch {torch.__version__}, scikit-learn {sklearn.__version__}, {len(data)} bytes")
    print(f"rounding moved pixels by {np.sqrt(np.mean((before - pixels) ** 2)):.5f} (rms),")
    print(f"{np.abs(before - pixels).max():.4f} (most)")
    print(f"data scale {x.std(1, ddof=1).mean():.5f}, sd of a pixel {x.std(0).mean():.5f}")


if __name__ == "__main__":
    main()
