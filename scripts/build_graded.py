"""Fits the routings of the graded parameter set to measured connectivity and prints how well.

    python scripts/build_graded.py [--out FOLDER] [--points NAME ...]

Everything it reads is embedded in the package: the connectome and connectivity of 706 people are
fitted, the connectivity of 303 others is held out. About a minute per point and core; the same
input gives the same bytes on the same linear algebra library.
"""

import argparse
import io
import json
import tomllib
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation.linear import correlation, linearise
from defaultmode.simulation.parameter_sets import parameter_set
from defaultmode.simulation.routing import Routed, RoutingPlan, agreement, fit_routing
from defaultmode.simulation.spectrum import band_covariance
from defaultmode.sources.connectomes import embedded_connectivity, embedded_connectome

HERE = Path(__file__).resolve().parents[1] / "src" / "defaultmode" / "simulation"
SCALE_OF_NOISE = 0.002  # of the fit only: the linear connectivity does not depend on it


def fit(plan: RoutingPlan) -> Routed:
    """One operating point, fitted to the 706."""
    connectome, target = embedded_connectome(), embedded_connectivity()["group706"]
    noise = {"noise": [SCALE_OF_NOISE], "noise_inhibitory": [SCALE_OF_NOISE]}
    brain = parameter_set("deco2014", connectome, changed=noise)
    return fit_routing(brain, connectome, target, plan)


def held_out(routed: Routed) -> tuple[float, float]:
    """Correlation and mean absolute error against the 303 others."""
    modelled = correlation(band_covariance(linearise(routed.brain)))
    return agreement(modelled, embedded_connectivity()["group303"])


def arrays(routed: Routed) -> dict[str, NDArray[np.float32]]:
    """What is kept: signed routes above the diagonal, relative noise, weight of shared noise."""
    routes = routed.brain.routes
    net = routes["long_range"] - routes["feed_forward"]
    if not np.allclose(net, net.T, atol=1e-12):
        raise SystemExit("the routing is not symmetric; it cannot be kept as a triangle.")
    noise = routed.brain.full("noise")[:, 0] / SCALE_OF_NOISE
    above = np.triu_indices(len(net), 1)
    kept = {"net": net[above], "noise": noise, "shared": routed.brain.full("shared_weight")[:, 0]}
    return {name: array.astype(np.float32) for name, array in kept.items()}


def pack(path: Path, fitted: dict[str, dict[str, NDArray[np.float32]]]) -> None:
    """One archive without compression (the wheel compresses it), dated 1980."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for point, kept in fitted.items():
            for name, array in kept.items():
                stream = io.BytesIO()
                np.save(stream, array)
                entry = zipfile.ZipInfo(f"{point}.{name}.npy", (1980, 1, 1, 0, 0, 0))
                archive.writestr(entry, stream.getvalue())


def main() -> None:
    """Fit every point, write them, print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=HERE)
    options.add_argument("--points", nargs="*", default=None)
    given = options.parse_args()
    points = tomllib.loads((HERE / "graded.toml").read_text("utf-8"))["point"]
    fitted, table = {}, {}
    for name, numbers in points.items():
        if given.points is not None and name not in given.points:
            continue
        routed = fit(RoutingPlan(**numbers))
        fitted[name] = arrays(routed)
        r, error = held_out(routed)
        routes = routed.brain.routes
        table[name] = {
            "correlation": round(routed.correlation, 4),
            "mean_absolute_error": round(routed.mean_absolute_error, 4),
            "held_out_correlation": round(r, 4),
            "held_out_mean_absolute_error": round(error, 4),
            "growth_per_s": round(routed.growth_per_s, 3),
            "long_range_strength": round(float(routes["long_range"].sum(1).mean()), 3),
            "feed_forward_strength": round(float(routes["feed_forward"].sum(1).mean()), 3),
            "iteration": routed.iteration,
        }
        print(name, json.dumps(table[name]), flush=True)
    pack(given.out / "graded.npz", fitted)
    (given.out / "graded.json").write_text(json.dumps(table, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
