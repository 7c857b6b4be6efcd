"""A small twin for tests, and folders of twins as `fit` leaves them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from defaultmode.core.atlas import Atlas
from defaultmode.simulation.controlled import control_at
from defaultmode.simulation.scoreboard.quantities import Ground
from defaultmode.simulation.twin import Twin, stored
from defaultmode.simulation.twin_space import OperatingPoint, Space, first_guess
from made_brains import small_atlas, small_connectome

N_DRAWS = 8
SD = {"coupling": 0.05, "routing": 0.1, "noise": 0.1, "shared_drive": 0.2}


def small_twin(seed: int = 0, n_draws: int = N_DRAWS) -> Twin:
    """Twelve regions; draws are somewhat less spread than the prior."""
    rng = np.random.default_rng(seed)
    point = OperatingPoint()
    control = control_at(point.rate_hz, noise_inhibitory=point.noise)
    connectome, atlas = small_connectome(), small_atlas()
    start = first_guess(connectome, point, control)
    names = tuple(sorted(set(atlas.networks)))
    members = np.array([[float(network == n) for n in names] for network in atlas.networks])
    space = Space(start, connectome.weights > 0, names, members, SD)
    scores = 0.3 * rng.standard_normal(len(space))
    draws = scores + 0.5 * rng.standard_normal((n_draws, len(space)))
    return Twin(atlas.names, point, space, scores, draws)


def unstable(twin: Twin, *, how_many: int) -> Twin:
    """The same with the first draws so strongly coupled that they have no stable rest."""
    draws = twin.draws.copy()
    draws[:how_many, twin.space.slices["coupling"]] = 60.0
    return replace(twin, draws=draws)


def small_ground(atlas: Atlas | None = None) -> Ground:
    """What a small twin stands on, without maps."""
    atlas = atlas or small_atlas()
    return Ground(atlas, small_connectome(len(atlas)).weights, {})


def twin_folder(folder: Path, people: dict[str, Twin]) -> Path:
    """Twins as `fit` leaves them, and the table of their atlas beside the folder."""
    rows = [
        "name\tnetwork\trole",
        *(f"{r.name}\t{r.network}\t{r.role}" for r in small_atlas().regions),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / "small.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for label, twin in people.items():
        place = folder / f"sub-{label}" / "func"
        place.mkdir(parents=True)
        stem = f"sub-{label}_task-rest_atlas-small"
        np.savez(place / f"{stem}_desc-twin_model.npz", **stored(twin))
        about = json.dumps({"Failed": [], "Personal": False})
        (place / f"{stem}_desc-twin_measures.json").write_text(about, encoding="utf-8")
    return folder


def failed(folder: Path, label: str, reason: str) -> None:
    """Write down that a twin failed, as `fit` does."""
    [about] = folder.rglob(f"sub-{label}_*_measures.json")
    about.write_text(json.dumps({"Failed": ["E515", reason]}), encoding="utf-8")
