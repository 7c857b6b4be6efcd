"""What `build_embedded.py` measures in the signals before it believes their labels."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch

from defaultmode.core.atlas import Atlas

Array = NDArray[np.float64]
YEO7 = ("Vis", "SomMot", "DorsAttn", "SalVentAttn", "Limbic", "Cont", "Default")
AAL_DEFAULT = ("Frontal_Sup_Medial", "Frontal_Med_Orb", "Cingulate_Post", "Precuneus", "Angular")
MIRROR_TOLERANCE_MM = 10.0
SAME_CENTRE_MM = 9.0  # 8.2 at the vertex, where brain masks cut the region; elsewhere below 5
SAME_PERSON_R = 0.5  # the same run in two atlases shares its global signal (r near 1)


def same_networks(names: list[str], path: Path) -> None:
    """Stop unless cubnm's own network numbers are those of the names, region by region."""
    numbers = [int(line) for line in path.read_text("utf-8").split()]
    if [YEO7[i] for i in numbers] != [name.split("_")[2] for name in names]:
        raise SystemExit("the two packages order the Schaefer regions differently.")


def named_by_centres(centres_mm: Array, atlas: Atlas) -> list[str]:
    """The atlas' name of each region by its centre, since editions of the atlas swap names.

    `7Networks_LH_DorsAttn_FEF_1` is one region in the edition of 2018 and another in today's.
    """
    far = np.linalg.norm(centres_mm[:, None] - atlas.centres_mm[None], axis=2)
    nearest = far.argmin(axis=1)
    print(f"largest distance of two centres of one region: {far.min(axis=1).max():.1f} mm")
    if len(set(nearest)) < len(atlas) or far.min(axis=1).max() > SAME_CENTRE_MM:
        raise SystemExit("the centres are not those of the atlas.")
    return [atlas.names[i] for i in nearest]


def mirrored_pairs(names: list[str], centres_mm: Array) -> list[tuple[int, int]]:
    """Left and right regions whose centres mirror each other, each the other's nearest."""
    left = [i for i, name in enumerate(names) if "_LH_" in name]
    right = [i for i, name in enumerate(names) if "_RH_" in name]
    mirrored = centres_mm[left] * np.array([-1.0, 1.0, 1.0])
    far = np.linalg.norm(mirrored[:, None] - centres_mm[right][None], axis=2)
    nearest, back = far.argmin(axis=1), far.argmin(axis=0)
    return [
        (left[i], right[j])
        for i, j in enumerate(nearest)
        if back[j] == i and far[i, j] < MIRROR_TOLERANCE_MM
    ]


def named_pairs(names: list[str]) -> list[tuple[int, int]]:
    """Left and right regions of the same name."""
    return [
        (i, names.index(f"{name[:-2]}_R")) for i, name in enumerate(names) if name.endswith("_L")
    ]


def nobody_twice(signals: dict[str, Array]) -> None:
    """Stop where two runs share their global signal, as one scan under two labels would."""
    stems = list(signals)
    course = np.array([(s / s.mean(axis=0)).mean(axis=1) for s in signals.values()])
    r = np.corrcoef(course) - np.eye(len(stems))
    i, j = np.unravel_index(np.abs(r).argmax(), r.shape)
    print(f"largest |r| of two global signals: {abs(r[i, j]):.3f} ({stems[i]}, {stems[j]})")
    if abs(r[i, j]) > SAME_PERSON_R:
        raise SystemExit(f"{stems[i]} and {stems[j]} look like the same scan.")


def measured(
    signal: Array, tr_s: float, *, pairs: list[tuple[int, int]], default: list[int]
) -> dict[str, float]:
    """Level, spectrum, trend and anatomy of one run; stops where the order cannot be right."""
    if not np.isfinite(signal).all() or (signal.std(axis=0) == 0).any():
        raise SystemExit("a region is constant or not finite.")
    found = {
        "mean": signal.mean(),
        "sd_percent": (100 * signal.std(axis=0) / signal.mean(axis=0)).mean(),
        **_spectrum(signal, tr_s),
        **anatomy(np.corrcoef(signal.T), pairs, default),
    }
    if found["homotopic_z"] <= 1.5 * found["other_left_right_z"]:
        raise SystemExit("homotopic regions do not correlate more than others: wrong region order?")
    if found["default_z"] <= found["default_to_rest_z"]:
        raise SystemExit("the default-mode regions do not hold together: wrong region order?")
    return {name: float(f"{value:.4g}") for name, value in found.items()}


def _spectrum(signal: Array, tr_s: float) -> dict[str, float]:
    """Mean power density of two flanks over that of 0.01–0.1 Hz, and what linear trend is left."""
    frequency, density = welch(
        signal, 1 / tr_s, nperseg=min(len(signal), round(432 / tr_s)), detrend="constant", axis=0
    )
    power = density.mean(axis=1)
    band = power[(frequency >= 0.01) & (frequency <= 0.1)].mean()
    time = np.arange(len(signal))
    trend = [abs(np.corrcoef(time, column)[0, 1]) for column in signal.T]
    return {
        "density_below_0.01_hz": power[(frequency > 0) & (frequency < 0.01)].mean() / band,
        "density_0.12_to_0.24_hz": power[(frequency > 0.12) & (frequency < 0.24)].mean() / band,
        "linear_trend_mean_abs_r": float(np.mean(trend)),
    }


def anatomy(r: Array, pairs: list[tuple[int, int]], default: list[int]) -> dict[str, float]:
    """Mean Fisher z of homotopic pairs, of other left–right pairs, and of default-mode regions."""
    z = np.arctanh(r - np.eye(len(r)))
    left, right = (np.array(side) for side in zip(*pairs, strict=True))
    across = z[np.ix_(left, right)]
    apart = ~np.eye(len(pairs), dtype=bool)
    inside = z[np.ix_(default, default)][~np.eye(len(default), dtype=bool)]
    rest = np.setdiff1d(np.arange(len(z)), default)
    return {
        "mean_r": r[np.triu_indices(len(r), 1)].mean(),
        "homotopic_z": across.diagonal().mean(),
        "other_left_right_z": across[apart].mean(),
        "default_z": inside.mean(),
        "default_to_rest_z": z[np.ix_(default, rest)].mean(),
    }
