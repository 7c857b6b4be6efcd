"""The tables of the page: people, effects, what is missing, and the data dictionary."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

import pandas as pd

from defaultmode.core.errors import error_table
from defaultmode.core.study import BEYOND, KEYS, MISSING_COLUMNS, TOGETHER, Column, Study
from defaultmode.report.choosing import (
    BETWEEN,
    GSR,
    SHARE,
    WITHIN,
    drawn_measures,
    leading_presets,
    measured,
    preset_labels,
    preset_pairs,
    recorded,
)
from defaultmode.report.nouns import Page
from defaultmode.report.writing import (
    NOT_THERE,
    Cell,
    Marks,
    Table,
    counted,
    cut,
    figure,
    listed,
    lower,
    plain,
    shown,
    shown_count,
    shown_p,
    word,
)

MOST_PEOPLE, MOST_EFFECTS, MOST_MISSING, MOST_COLUMNS = 60, 60, 60, 120
RUN_KEYS = tuple(c for c in MISSING_COLUMNS if c in KEYS)
ONLY_WHERE_THEY_DIFFER = ("task_id", "atlas")
SHORT_HEADS = {WITHIN: "within", BETWEEN: "DMN–TP", SHARE: "own network"}
EFFECTS_HEAD = (
    "Comparison",
    "Measure",
    "Preset",
    "Atlas",
    "n",
    "Effect with 95 % interval",
    "p",
    "p (FDR)",
    "Difference",
    "Why there is no value",
)
Code = dict[tuple[str, ...], str]


def _codes(study: Study) -> Code:
    keys = [*RUN_KEYS, "what", "denoise", "code"]
    rows = study.missing[keys].astype(str).itertuples(index=False, name=None)
    what = RUN_KEYS.index("atlas") + 1
    return {
        (*row[:what], name, row[what + 1]): row[-1]
        for row in rows
        for name in row[what].split(TOGETHER)
    }


def _code(codes: Code, run: tuple[str, ...], column: Column) -> str:
    for what in (column.measure, column.name, "every measure"):
        for denoise in (column.denoise, NOT_THERE, ""):
            if (*run, what, denoise) in codes:
                return codes[*run, what, denoise]
    return ""


def _person_columns(study: Study) -> list[Column]:
    known = measured(study)
    chosen: list[Column] = []
    for name in (WITHIN, BETWEEN, SHARE):
        presets = known.get(name, {})
        chosen += [presets[p] for p in leading_presets(presets)]
    return chosen


def people_table(study: Study) -> Table | None:
    """One row per recording: within the network, against its rival, share of regions at home."""
    columns = _person_columns(study)
    if not columns:
        return None
    labels = preset_labels(study)
    keys = [k for k in RUN_KEYS if k in study.table and (study.table[k] != NOT_THERE).any()]
    keys = [k for k in keys if k not in ONLY_WHERE_THEY_DIFFER or study.table[k].nunique() > 1]
    keys += [c.name for c in study.named(role="design") if c.kind == "text"]
    codes = _codes(study)
    rows = []
    for record in study.table[recorded(study)].to_dict("records"):
        run = tuple(str(record.get(k, NOT_THERE)) for k in RUN_KEYS)
        values = [figure(record[c.name], code=_code(codes, run, c)) for c in columns]
        rows.append((*(word(record[k]) for k in keys), *values))
    heads = (GSR if _partner(c, columns) else labels[c.denoise] for c in columns)
    head = (*(k.removesuffix("_id") for k in keys), *heads)
    listed_rows, note = cut(rows, MOST_PEOPLE)
    frame = study.table.loc[recorded(study), [*keys, *(c.name for c in columns)]]
    above = Counter(SHORT_HEADS[c.measure] for c in columns)
    caption = _people_caption(columns, labels)
    marks = tuple(Marks(sessions=_session(name)) for name in frame.get("session_id", ()))
    return Table(
        "people", caption, head, listed_rows, frame, note, search=True,
        above=tuple(above.items()), file="study.tsv", marks=marks,
    )  # fmt: skip


def _session(name: object) -> tuple[str, ...]:
    """A session by which the page can be filtered, none where it is not named."""
    return () if name in (NOT_THERE, "") else (str(name),)


def _partner(column: Column, columns: list[Column]) -> str:
    """The preset that differs from this one in nothing but global signal regression, or ""."""
    same = {c.denoise: c for c in columns if c.measure == column.measure}
    return next((before for before, after in preset_pairs(same) if after == column.denoise), "")


def _people_caption(columns: list[Column], labels: Mapping[str, str]) -> str:
    """What the short headings mean, in which unit, and under which presets."""
    said = dict.fromkeys(
        f"{SHORT_HEADS[c.measure]}: {lower(plain(c.measure))} ({c.unit})" for c in columns
    )
    alone = dict.fromkeys(labels[c.denoise] for c in columns if not _partner(c, columns))
    paired = any(_partner(c, columns) for c in columns)
    how = ", without and with global signal regression (+GSR)" if paired else ""
    return f"Each recording under {listed(alone)}{how}. {'; '.join(said)}"


def effects_of(page: Page) -> pd.DataFrame:
    """The tables of every result that holds effects, one below the other."""
    tables = [r.table for r in page.results if {"measure", "value"} <= set(r.table.columns)]
    filled = [t for t in tables if len(t)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def size_of(row: dict[str, object]) -> str:
    """How many people an effect rests on: two groups as "48 and 49"."""
    n, reference = shown_count(row.get("n")), shown_count(row.get("n_reference"))
    return (
        f"{n} and {reference}"
        if NOT_THERE not in (n, reference) and row.get("statistic") == "Hedges g"
        else n
    )


def comparison_of(row: dict[str, object]) -> str:
    """What was compared, in words."""
    kind, contrast = row.get("kind", ""), row.get("contrast", "")
    if kind == "correlation":
        return f"correlation with {row.get('factor', '')}, {contrast}"
    return f"{kind}: {contrast}"


def _effect_row(row: dict[str, object], labels: Mapping[str, str]) -> tuple[Cell, ...]:
    known = not pd.isna(row.get("value"))  # type: ignore[call-overload]
    effect = f"{row.get('statistic', '')} {shown(row.get('value'))}" if known else NOT_THERE
    if not pd.isna(row.get("ci_low")):  # type: ignore[call-overload]
        effect += f" ({shown(row.get('ci_low'))} to {shown(row.get('ci_high'))})"
    name = str(row.get("measure") or row.get("outcome") or "")
    denoise = str(row.get("denoise", ""))
    unit = f" {row['unit']}" if row.get("unit") and not pd.isna(row.get("difference")) else ""  # type: ignore[call-overload]
    return (
        word(comparison_of(row)),
        word(plain(name)),
        word(labels.get(denoise, denoise)),
        word(row.get("atlas", "")),
        Cell(size_of(row), number=True),
        figure(row.get("value"), effect),
        figure(row.get("p"), shown_p(row.get("p"))),
        figure(row.get("p_fdr"), shown_p(row.get("p_fdr"))),
        figure(row.get("difference"), shown(row.get("difference")) + unit),
        word(row.get("reason") or ""),
    )


def effects_table(page: Page) -> Table | None:
    """Every effect with its size, interval, p and false discovery rate."""
    frame = effects_of(page)
    if frame.empty:
        return None
    first = {name: i for i, name in enumerate(drawn_measures(page.study))}
    order = pd.DataFrame(
        {
            "measure": frame["measure"].map(lambda name: first.get(str(name), len(first))),
            "simple": frame.get("kind", pd.Series("", index=frame.index)) != "interaction",
        }
    )
    by_weight = order.sort_values(["measure", "simple"], kind="stable").index
    sorted_rows = frame.loc[by_weight].to_dict("records")
    labels = preset_labels(page.study)
    rows = [_effect_row({str(k): v for k, v in row.items()}, labels) for row in sorted_rows]
    head, rows = without_empty(EFFECTS_HEAD, rows)
    listed_rows, note = cut(rows, MOST_EFFECTS)
    marks = tuple(Marks(presets=(str(row["denoise"]),)) for row in sorted_rows)
    return Table(
        "effects", "Every effect", head, listed_rows, frame.loc[by_weight], note, search=True,
        file="effects.tsv", marks=marks,
    )  # fmt: skip


def without_empty(
    head: tuple[str, ...], rows: Sequence[tuple[Cell, ...]]
) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """The columns that say something: not those that are empty, nor an atlas that never varies."""
    said = [{row[i].text for row in rows} - {"", NOT_THERE} for i in range(len(head))]
    keep = [i for i, name in enumerate(head) if len(said[i]) > (name == "Atlas")]
    return tuple(head[i] for i in keep), [tuple(row[i] for i in keep) for row in rows]


def surrogate_table(study: Study) -> Table | None:
    """Each dynamic measure beside its surrogates: how often it says more than they do."""
    labels, known = preset_labels(study), study.columns
    rows, plainly = [], []
    for beyond in study.named(role="surrogate"):
        own = known[beyond.name.replace(BEYOND, "")]
        value, excess = (float(study.table[c.name].median()) for c in (own, beyond))
        texts = (plain(own.measure), labels.get(own.denoise, own.denoise), own.note)
        plainly.append((own.measure, own.denoise, own.note, value, excess, own.unit))
        cells = (figure(value, shown(value)), figure(excess, shown(excess)), word(own.unit))
        rows.append((*map(word, texts), *cells))
    if not rows:
        return None
    head = ("Measure", "Preset", "Beside its surrogates", "Median", "Median beyond them", "Unit")
    listed_rows, note = cut(rows, MOST_EFFECTS)
    frame = pd.DataFrame(
        plainly, columns=["measure", "denoise", "note", "median", "beyond", "unit"]
    )
    caption = "Measures beside their surrogates; by chance alone, one run in twenty differs"
    return Table("surrogates", caption, head, listed_rows, frame, note, search=True)


def missing_table(study: Study) -> Table | None:
    """What is not there: equal reasons together, with the code and the remedy."""
    if study.missing.empty:
        return None
    known = error_table()
    tasks = study.missing["task_id"].nunique()
    entities = [k for k in RUN_KEYS if k != "atlas" and (k != "task_id" or tasks > 1)]
    rows = []
    together = study.missing.astype(str).groupby(["code", "reason"], sort=False, dropna=False)
    for (code, reason), part in together:
        entry = known.get(str(code))
        runs = [_recording_name(r, entities) for r in part.to_dict("records")]
        names = [name for what in part["what"] for name in what.split(TOGETHER)]
        rows.append(
            (
                Cell(str(code), code=str(code)),
                word(reason),
                word(listed(map(plain, dict.fromkeys(names)), 8)),
                word(listed(pd.unique(part["denoise"]), 8)),
                Cell(str(len(names)), number=True),
                word(listed(dict.fromkeys(runs), 6)),
                word(entry.remedy if entry else ""),
            )
        )
    head = ("Code", "Reason", "What", "Preset", "Values", "Recordings", "Remedy")
    listed_rows, note = cut(rows, MOST_MISSING)
    caption = f"{counted(study.n_missing, 'missing value')}, for {counted(len(rows), 'reason')}"
    return Table(
        "missing-values", caption, head, listed_rows, study.missing, note, search=True,
        file="missing.tsv",
    )  # fmt: skip


def _recording_name(row: Mapping[Hashable, object], keys: Sequence[str]) -> str:
    """A recording as in a BIDS file name, such as "sub-01 ses-a task-rest run-1"."""
    said = []
    for key in keys:
        value, entity = str(row[key]), key.removesuffix("_id")
        if value not in (NOT_THERE, ""):
            bare = entity in {"participant", "session"} or value.startswith(f"{entity}-")
            said.append(value if bare else f"{entity}-{value}")
    return " ".join(said)


def dictionary_table(study: Study) -> Table:
    """The data dictionary of study.tsv: what each column holds and how its type is known."""
    columns = list(study.columns.values())
    plainly = [(c.name, *_described(c)) for c in columns]
    alike: dict[tuple[str, ...], list[str]] = {}
    for c in columns:
        alike.setdefault((c.measure or c.name, *_described(c)), []).append(c.denoise)
    rows = [
        tuple(map(word, (name, *described, listed(filter(None, presets), 8))))
        for (name, *described), presets in alike.items()
    ]
    head = ("Column", "Meaning", "Unit", "Role", "Type", "Varies by", "Source")
    frame = pd.DataFrame(plainly, columns=list(head))
    shown_head, rows = without_empty((*head, "Presets"), rows)
    listed_rows, note = cut(rows, MOST_COLUMNS)
    caption = "What the columns of study.tsv hold; a measure has one for each preset"
    return Table(
        "columns", caption, shown_head, listed_rows, frame, note, search=True, file="study.json"
    )


def _described(column: Column) -> tuple[str, ...]:
    """What a column holds, without its name; the same for a measure under every preset."""
    how = "declared" if column.declared else "by rule"
    kind = f"{column.kind} ({how})"
    return column.sentence, column.unit, column.role, kind, column.level, column.source
