"""The benchmark of anatomy leaves out what it says it leaves out, and prints what it found."""

from dataclasses import replace

import numpy as np
import pytest
from anatomy.group import FREEDOMS, aim_of, atlas, model_of, said_of_seen, split_of
from anatomy.points import changed, default_mode
from anatomy.report import report, summary
from anatomy.wirings import AS_LONG, CHANCE, MEASURED, Wiring, distances_mm, wirings

from defaultmode.simulation.fixed_point import fixed_point
from defaultmode.simulation.twin_space import OperatingPoint, brain_of
from defaultmode.sources.connectomes import embedded_connectome


def test_pairs_are_in_one_part_each() -> None:
    split = split_of(100, np.random.default_rng(0))
    parts = np.array([split.seen, split.choosing, split.judging])
    np.testing.assert_array_equal(parts.sum(axis=0), ~np.eye(100, dtype=bool))
    np.testing.assert_array_equal(parts, parts.transpose(0, 2, 1))
    shares = parts.mean(axis=(1, 2)) / 0.99
    np.testing.assert_allclose(shares, (0.8, 0.1, 0.1), atol=0.02)  # some five standard errors


def test_unseen_pairs_do_not_reach_the_fit() -> None:
    model, aim = model_of(Wiring(MEASURED, 0.05), FREEDOMS["routes"]), aim_of(1000.0)
    seen = split_of(100, np.random.default_rng(1)).seen
    noise = np.random.default_rng(2).standard_normal((100, 100))
    spoilt = np.where(seen, aim.target.z, noise + noise.T)
    np.fill_diagonal(spoilt, 0.0)
    other = replace(aim, target=replace(aim.target, z=spoilt))
    one, same = (said_of_seen(model, a, seen, steps=4) for a in (aim, other))
    np.testing.assert_allclose(one, same, atol=1e-9)
    everything = said_of_seen(model, other, ~np.eye(100, dtype=bool), steps=4)
    assert np.abs(everything - one).max() > 0.01


@pytest.mark.parametrize("kind", CHANCE)
def test_chance_keeps_number_and_strength(kind: str) -> None:
    source = embedded_connectome()
    measured, null = (Wiring(k, 0.1, 3).of(source, atlas()).weights for k in (MEASURED, kind))
    np.testing.assert_array_equal(np.sort(measured.ravel()), np.sort(null.ravel()))
    lengths = [distances_mm(atlas())[w > 0].mean() for w in (measured, null)]
    assert (abs(lengths[1] / lengths[0] - 1.0) < 0.1) == (kind == AS_LONG)


def test_first_seeds_come_first() -> None:
    found = wirings((0.0, 0.1), 2)
    seeds = [wiring.seed for wiring in found]
    assert seeds == sorted(seeds)
    assert len(set(map(str, found))) == len(found) == 2 + 2 * (1 + 3)


def test_less_inhibition_of_the_default_mode_raises_its_rate() -> None:
    point = OperatingPoint()
    start = model_of(Wiring(MEASURED, 0.0), FREEDOMS["structure alone"]).space.start
    brain = brain_of(start, atlas().names, point)
    rest = fixed_point(brain)
    np.testing.assert_allclose(rest.rate_hz[:, 0], point.rate_hz, rtol=1e-6)
    moved = changed(brain, rest, "inhibition", 0.95)
    assert moved["default_mode_hz"] > 3.2
    assert moved["highest_hz"] >= moved["default_mode_hz"]
    assert not moved["jumps"]
    assert len(default_mode()) > 10


def test_page_prints_what_was_found_and_leaves_out_the_rest() -> None:
    row = {"scores": 12, "samples": 1000.0, "unseen_r": 0.4321, "cpu_s": 2.0, "degrees": 5.0}
    row |= {f"{g}_{w}": 0.5 for g in ("fitted", "held_out") for w in ("r", "error")}
    kept = {f"group {Wiring(MEASURED, d)}": row for d in (0.0, 0.1)}
    page = report(kept, "a machine")
    assert page.count("**missed**") == 2
    assert "| 0.432 |" in page
    assert "Where the brain is held" not in page
    line = summary(kept)
    assert line["unseen_r_measured_10"] == 0.4321
    assert line["unseen_r_rewired_10"] is None
