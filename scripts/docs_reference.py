"""The reference pages of the site, written from the registries."""

import io
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from functools import partial

from defaultmode.claims import Claim, Evidence, Test, all_claims
from defaultmode.cli import VERB_FUNCTIONS
from defaultmode.cli.arguments import parser
from defaultmode.core.errors import error_table
from defaultmode.core.scales import all_scales
from defaultmode.measures import Measure, all_measures
from defaultmode.outputs.layout import RUN, file_kinds
from defaultmode.pipeline.listing import list_atlases, list_presets
from defaultmode.pipeline.listing_virtual import list_virtual
from defaultmode.report.references import all_references, format_reference

GROUPS = {  # first letters of an error code → its part of the table
    "E1": "Files and formats",
    "E2": "Metadata",
    "E3": "Not enough usable data",
    "E4": "Study and plan",
    "E5": "Model and fit",
    "E6": "Environment",
}
SAID_APART = (
    "name",
    "sentence",
    "source",
    "verified",
    "note",
)  # of a number, in columns of their own


def plain(text: object) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_<>\[\]|{}$~#])", r"\\\1", str(text))


def page(title: str, opening: str, *parts: str) -> str:
    """A page of the site."""
    return "\n\n".join([f"# {title}", opening, *parts]) + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells are Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def described(name: str, *paragraphs: str) -> str:
    """A name with its description, as a definition list has it."""
    said = [text for text in paragraphs if text]
    return f"`{name}`\n: " + "\n\n  ".join(said)


def cited(text: str) -> str:
    """A text in which every key of the list of references is a link to it."""
    known = all_references()

    def linked(word: re.Match[str]) -> str:
        key = word.group()
        short = plain(known[key].short) if key in known else key
        return f"[{short}](references.md#{key.lower()})" if key in known else key

    return re.sub(r"\w+", linked, plain(text))


def yes(value: bool) -> str:
    """A truth value as a word."""
    return "yes" if value else "no"


def measures() -> str:
    """Every measure with its unit, promises, premises and sources."""
    found = all_measures().values()
    opening = (
        f"{len(found)} measures, as `defaultmode measures` lists them. A measure is a pure "
        "function of a recording; each promise is a test. [How to add one](../adding/measure.md)."
    )
    return page("Measures", opening, *(measured(entry) for entry in found))


def measured(entry: Measure) -> str:
    """One measure."""
    gives = {"number": "", "regions": "One value per region. ", "pairs": "One value per pair. "}
    promises = f"Unchanged by {', '.join(entry.unchanged_by)}. " if entry.unchanged_by else ""
    needs = f"Takes for granted: {', '.join(entry.premises)}. " if entry.premises else ""
    about = f"Unit: {plain(entry.unit)}. {gives[entry.kind]}{promises}{needs}"
    return described(entry.name, plain(entry.sentence), f"{about}{cited('; '.join(entry.cites))}")


def claims() -> str:
    """Every claim with its tests and evidence."""
    found = all_claims().values()
    opening = (
        f"{len(found)} statements of the account, each with the tests that decide it and what was "
        "published for and against it. Whatever was not read in the source itself says so. "
        "[How to add one](../adding/claim.md)."
    )
    return page("Claims", opening, *(claimed(claim) for claim in found))


def claimed(claim: Claim) -> str:
    """One claim."""
    decides = "All must hold." if claim.rule == "all" else "The first decides."
    proxy = "" if claim.falsifiable else f"It cannot fail as worded; tested: {plain(claim.proxy)}"
    tests = [tested(test) for test in claim.tests]
    parts = [
        f"## {claim.id} {plain(claim.title)}",
        f"**{plain(claim.sentence)}** ({claim.part})",
        proxy,
        f"Needs: {plain(claim.needs)}",
        f"Tests. {decides}",
        "\n".join(f"- {line}" for line in tests),
        "Evidence.",
        "\n".join(f"- {evidence(row)}" for row in claim.evidence),
        "Caveats." if claim.caveats else "",
        "\n".join(f"- {plain(line)}" for line in claim.caveats),
    ]
    return "\n\n".join(part for part in parts if part)


def tested(test: Test) -> str:
    """One test of a claim."""
    smallest = f"smallest effect of interest {test.smallest:g}"
    partner = f" with {plain(test.partner)}" if test.partner else ""
    asked = f"{test.contrast}{partner}, {test.direction}; {smallest}"
    return f"`{test.outcome}`: {plain(test.sentence)} ({plain(asked)})"


def evidence(row: Evidence) -> str:
    """One published estimate or finding."""
    number = "" if math.isnan(row.value) else f"; {row.statistic} {row.value:g}"
    if number and not math.isnan(row.ci_low):
        number += f" ({row.ci_low:g} to {row.ci_high:g})"
    people = f"; n = {row.n}" if row.n else ""
    doubt = "" if row.verified else "; not verified"
    return (
        f"*{row.stance}*: {plain(row.finding)} ({cited(row.cite)}{plain(number + people)}{doubt})"
    )


def virtual(kind: str, opening: str) -> str:
    """Every drug, condition, event or model with each number, its source and its standing."""
    names = [str(row["name"]) for row in list_virtual(kind)]
    return page(kind.capitalize(), opening, *(resting(kind, name) for name in names))


def resting(kind: str, name: str) -> str:
    """One of them: what it is, and what it rests on."""
    about, *rows = list_virtual(kind, name)
    notes = [f"- {key}: {cited(str(about[key]))}" for key in about if key not in SAID_APART]
    cells = [
        (
            plain(row["name"]),
            number(row),
            cited(str(row.get("source", ""))),
            row.get("verified", ""),
        )
        for row in rows
    ]
    said = [f"## {plain(name)}", plain(about["sentence"]), "\n".join(notes)]
    header = ("number", "value", "source", "verified")
    listed = table(header, [tuple(map(str, line)) for line in cells]) if cells else ""
    return "\n\n".join(part for part in [*said, listed] if part)


def number(row: Mapping[str, object]) -> str:
    """A number with its unit and whatever else is said of it."""
    value = f"{row['value']} {row.get('unit', '')}".strip() if "value" in row else ""
    apart = {*SAID_APART, "value", "unit"} if "value" in row else set(SAID_APART)
    rest = [f"{key} {said}" for key, said in row.items() if key not in apart]
    words = [str(row[key]) for key in ("sentence", "note") if key in row]
    return plain(". ".join(part.rstrip(".") for part in (value, ", ".join(rest), *words) if part))


def atlases() -> str:
    """Every atlas with its regions by role, and its licence."""
    rows = list_atlases()
    counted = ("regions", "default", "task-positive", "salience", "unverified")
    entries = [
        described(
            str(row["name"]),
            plain(row["sentence"]),
            ", ".join(f"{row[name]} {name}" for name in counted) + ".",
            f"Licence: {plain(row['licence'])}.",
        )
        for row in rows
    ]
    opening = "`defaultmode atlases NAME` lists the regions. [How to add one](../adding/atlas.md)."
    return page("Atlases", opening, *entries)


def presets() -> str:
    """Every denoising preset."""
    entries = [
        described(str(row["name"]), plain(row["sentence"]), cited(str(row["sources"])))
        for row in list_presets()
    ]
    return page("Denoising presets", "Every preset that a data set can bear is measured.", *entries)


def scales() -> str:
    """Every clinical scale that is known by name."""
    rows = [
        (plain(s.name), plain(s.title), plain(s.construct), f"{s.low:g} to {s.high:g} {s.unit}")
        for s in all_scales().values()
    ]
    header = ("name", "title", "measures", "range")
    opening = "Columns of these names are recognised: [clinical tables](../clinical_tables.md)."
    return page("Clinical scales", opening, table(header, rows))


def errors() -> str:
    """Every error code with its cause and its remedy."""
    parts = []
    for group, title in GROUPS.items():
        parts.append(f"## {group}xx: {title}")
        parts += [
            described(
                e.code, plain(e.sentence), f"Cause: {plain(e.cause)}", f"Do: {plain(e.remedy)}"
            )
            for e in error_table().values()
            if e.code.startswith(group)
        ]
    return page("Error codes", "`defaultmode explain CODE` says the same.", *parts)


def files() -> str:
    """Every kind of file in a folder of results."""
    said = {name: tuple(kind.columns) or kind.keys for name, kind in file_kinds().items()}
    rows = [
        (plain(name), f"`{readable(kind.path)}`", plain(", ".join(said[name])))
        for name, kind in file_kinds().items()
    ]
    opening = (
        "Whatever lies in a folder of results is of one of these kinds; `RUN` stands for a run and "
        "its atlas, such as `sub-01/func/sub-01_task-rest_atlas-Schaefer100`."
    )
    return page("Files of results", opening, table(("kind", "path", "columns or keys"), rows))


def readable(pattern: str) -> str:
    """A path pattern as a reader can take it in."""
    text = pattern.replace("{run}", "RUN").replace(RUN, "RUN").replace("[^/]+", "*")
    text = re.sub(r"\[[^\]]*\]\+", "*", text.replace("[^/]*", "*"))
    return text.replace("\\.", ".").replace("|", "\\|")


def commands() -> str:
    """The help of every verb."""
    helps = [f"## {verb}\n\n```text\n{help_of(verb)}\n```" for verb in VERB_FUNCTIONS]
    return page("Command line", f"```text\n{help_of()}\n```", *helps)


def help_of(*words: str) -> str:
    """What `--help` prints."""
    said = io.StringIO()
    with redirect_stdout(said), suppress(SystemExit):
        parser().parse_args([*words, "--help"])
    return said.getvalue().strip()


def references() -> str:
    """The list of references."""
    entries = [
        f"({key.lower()})=\n- {plain(format_reference(entry))}"
        for key, entry in all_references().items()
    ]
    opening = "What the package cites; an entry that was not checked in full says so."
    return page("References", opening, *entries)


VIRTUAL = {
    "drugs": "`defaultmode drugs NAME` prints the same. [How to add one](../adding/drug.md).",
    "conditions": "The states that a virtual brain can be in for weeks.",
    "events": "What can be done to a virtual brain besides giving it a drug.",
    "models": "The models of a region, and the named parameter sets that run on them.",
}


def reference_pages() -> dict[str, str]:
    """Every reference page by its name, as Markdown."""
    pages: dict[str, Callable[[], str]] = {
        "measures": measures,
        "claims": claims,
        **{kind: partial(virtual, kind, opening) for kind, opening in VIRTUAL.items()},
        "atlases": atlases,
        "presets": presets,
        "scales": scales,
        "files": files,
        "commands": commands,
        "errors": errors,
        "references": references,
    }
    return {name: written() for name, written in pages.items()}
