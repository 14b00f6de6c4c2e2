"""Files that Tests/SimulationFilesTests read: what NumPy itself writes.

Run: python3 Tests/Reference/simulation_files.py Tests/SimulationFilesTests/Fixtures
Written by numpy 2.4.6. In all files theta is 0 … 9 as [5, 2] and x is 0 … 29 as [5, 2, 3], but for
those of type bool, which hold their parity.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
theta = np.arange(10).reshape(5, 2)
x = np.arange(30).reshape(5, 2, 3)

np.savez(folder / "stored.npz", theta=theta.astype("<f4"), x=x.astype("<f4"))
for code in ["<f8", ">f4", ">f8", "i1", "u1", "<i2", ">i2", "<u2", "<i4", "<u4", "<i8", ">i8", "<u8"]:
    name = code.replace("<", "").replace(">", "big_")
    np.savez_compressed(folder / f"{name}.npz", theta=theta.astype(code), x=x.astype(code))
np.savez_compressed(folder / "bool.npz", theta=theta % 2 == 1, x=x % 2 == 1)
np.savez(
    folder / "fortran.npz",
    theta=np.asfortranarray(theta.astype("<f8")),
    x=np.asfortranarray(x.astype("<f4")),
)
np.savez_compressed(
    folder / "fortran_deflated.npz",
    theta=np.asfortranarray(theta.astype("<f4")),
    x=np.asfortranarray(x.astype("<i8")),
)
for version in [(1, 0), (2, 0), (3, 0)]:
    for name, array in [("theta", theta), ("x", x)]:
        with open(folder / f"{name}_{version[0]}.npy", "wb") as file:
            npy.write_array(file, array.astype("<f4"), version=version)
np.savez(folder / "vectors.npz", theta=theta[:, 0].astype("<f4"), x=x[:, 0, 0].astype("<f4"))
# Files that are refused.
np.savez(folder / "objects.npz", theta=theta.astype(object), x=x.astype("<f4"))
np.savez(folder / "structured.npz", theta=np.zeros(5, dtype=[("a", "<f4")]), x=x.astype("<f4"))
np.savez(folder / "complex.npz", theta=theta.astype("<c8"), x=x.astype("<f4"))
np.savez(folder / "half.npz", theta=theta.astype("<f2"), x=x.astype("<f4"))
np.savez(folder / "other_names.npz", thetas=theta.astype("<f4"), xs=x.astype("<f4"))
np.savez(folder / "fewer_rows.npz", theta=theta.astype("<f4"), x=x[:4].astype("<f4"))
np.savez(folder / "cube.npz", theta=x.astype("<f4"), x=x.astype("<f4"))
np.savez_compressed(folder / "bomb.npz", theta=theta.astype("<f4"), x=np.zeros((5, 1 << 24), "i1"))
