"""A plan is frozen, held against what was done, and blinds until then."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from defaultmode.cli import main
from defaultmode.core.plan import Plan
from defaultmode.pipeline.blinding import blinded
from defaultmode.pipeline.ledger import ledger
from made_datasets import tables
from toy_studies import crossover, two_groups

PLAN = 'primary = "C9"\nclaims = ["C9", "C7"]\npermutations = 99\n'


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four people measured once; every test studies a copy."""
    folder = tmp_path_factory.mktemp("plan")
    data = tables(folder / "data")
    words = ["measure", str(data), str(folder / "out"), "--bids-dir", str(data), "--quiet"]
    assert main([*words, "--surrogates", "0", "--nprocs", "1"]) == 0
    return folder / "out"


def plan_file(folder: Path, text: str = PLAN) -> Path:
    path = folder / "plan.toml"
    path.write_text(text)
    return path


def studied(out: Path, plan: Path | None = None) -> dict[str, object]:
    import contextlib
    import io

    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        code = main(["study", str(out), "--json", *(["--plan", str(plan)] if plan else [])])
    assert code == 0
    return dict(json.loads(stream.getvalue()))


def copy(measured: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(measured, tmp_path / "out"))


def test_without_a_frozen_plan_a_study_is_exploratory(measured: Path, tmp_path: Path) -> None:
    out = copy(measured, tmp_path)
    found = studied(out)
    assert found["stamp"] == "exploratory"
    assert found["departures"] == ["no plan was frozen before"]
    table = pd.read_csv(out / "claims.tsv", sep="\t")
    assert set(table["stamp"]) == {"exploratory"}
    assert table["claim"].nunique() == 38


def test_a_study_as_planned_is_confirmatory(measured: Path, tmp_path: Path) -> None:
    out, plan = copy(measured, tmp_path), plan_file(tmp_path)
    assert main(["plan", "freeze", str(plan)]) == 0
    assert studied(out, plan)["stamp"] == "confirmatory"
    assert set(pd.read_csv(out / "claims.tsv", sep="\t")["claim"]) == {"C7", "C9"}


def test_departures_are_listed(measured: Path, tmp_path: Path) -> None:
    out, plan = copy(measured, tmp_path), plan_file(tmp_path)
    assert main(["plan", "freeze", str(plan)]) == 0
    plan_file(tmp_path, PLAN.replace('"C9"\n', '"C7"\n'))
    found = studied(out, plan)
    assert found["stamp"] == "exploratory"
    assert found["departures"] == ['primary was "C9" and is "C7"']
    assert "Exploratory: primary was" in (out / "report.html").read_text()


def test_looking_first_is_a_departure(measured: Path, tmp_path: Path) -> None:
    out, plan = copy(measured, tmp_path), plan_file(tmp_path)
    studied(out)
    log = out / "logs" / "run.jsonl"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    lines[-1]["time"] = "2020-01-01T00:00:00+0000"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert main(["plan", "freeze", str(plan)]) == 0
    found = studied(out, plan)
    assert found["stamp"] == "exploratory"
    assert "before the plan was frozen" in str(found["departures"])


def test_a_changed_plan_is_not_frozen_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = plan_file(tmp_path)
    assert main(["plan", "freeze", str(plan)]) == 0
    assert main(["plan", "freeze", str(plan)]) == 0
    plan_file(tmp_path, PLAN + 'covariates = ["age"]\n')
    assert main(["plan", "freeze", str(plan)]) == 6
    assert "E441" in capsys.readouterr().err
    assert main(["plan", "freeze", str(plan), "--again"]) == 0
    record = json.loads((tmp_path / "plan.frozen.json").read_text())
    assert len(record["before"]) == 1


def test_a_damaged_record_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = plan_file(tmp_path)
    main(["plan", "freeze", str(plan)])
    record = tmp_path / "plan.frozen.json"
    record.write_text(record.read_text().replace('"C9"', '"C8"', 1))
    assert main(["plan", "show", str(plan)]) == 6
    assert "E440" in capsys.readouterr().err
    record.write_text("{")
    assert main(["plan", "show", str(plan)]) == 6


def test_a_blinded_study_shows_permuted_labels_only(measured: Path, tmp_path: Path) -> None:
    out, plan = copy(measured, tmp_path), plan_file(tmp_path, PLAN + "blinded = true\n")
    before = (out / "study.tsv").read_bytes()
    found = studied(out, plan)
    assert found["stamp"] == "blinded"
    assert (out / "study.tsv").read_bytes() == before
    assert "BLINDED" in (out / "report.html").read_text()
    main(["plan", "freeze", str(plan)])
    assert studied(out, plan)["stamp"] == "confirmatory"


def test_blinding_tears_labels_from_values() -> None:
    rng = np.random.default_rng(0)
    for study, claim in ((two_groups(rng, effect=3.0), "C9"), (crossover(rng, effect=-3.0), "C16")):
        plan = Plan(claims=(claim,), permutations=99)
        open_, torn = (
            ledger(s, plan).claims.table.iloc[0] for s in (study, blinded(study, seed=1))
        )
        assert abs(open_["estimate"]) > 1.2
        assert abs(torn["estimate"]) < 0.6
        assert torn["n"] == open_["n"]


def test_blinding_keeps_every_value() -> None:
    study = crossover(np.random.default_rng(0), n=6)
    torn = blinded(study, seed=3)
    column = "within_default_mode__plain"
    for person, rows in study.table.groupby("participant_id"):
        other = torn.table[torn.table["participant_id"] == person]
        assert sorted(rows[column]) == sorted(other[column])
