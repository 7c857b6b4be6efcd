"""The list of references: every key resolves, every entry is whole, nothing is cited that is not there."""

import re
from importlib.resources import files

import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.denoising import all_presets
from defaultmode.measures import all_measures
from defaultmode.report.caveats import all_caveats
from defaultmode.report.everyday import PRIMER_KEYS
from defaultmode.report.methods import SOFTWARE
from defaultmode.report.references import (
    all_references,
    citation_bibtex,
    citation_markdown,
    format_reference,
    reference,
)
from defaultmode.simulation.conditions import all_conditions
from defaultmode.simulation.drugs import all_drugs
from defaultmode.simulation.events import all_events
from defaultmode.simulation.models import all_models
from defaultmode.simulation.parameter_sets import all_parameter_sets
from defaultmode.sources.atlases import atlas_names, load_atlas

KEYS = tuple(all_references())


def test_the_file_is_in_alphabetical_order_and_nothing_in_it_was_overlooked():
    text = files("defaultmode.report").joinpath("references.bib").read_text("utf-8")
    stated = re.findall(r"^@\w+\{([^,]+),", text, flags=re.MULTILINE)
    assert stated == sorted(stated)
    assert tuple(stated) == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_an_entry_is_whole(key):
    found = reference(key)
    assert re.fullmatch(r"[A-Z][A-Za-z]+(19|20)\d{2}[a-z]?", key)
    assert found["author"]
    assert found["title"]
    assert found["journal"] or found["booktitle"] or found["publisher"]
    assert found["year"] == re.search(r"\d{4}", key)[0]
    family = found.authors[0].split(",")[0]
    plain = re.sub(r"[^A-Za-z]", "", family.translate(str.maketrans("éàöäáíü", "eaoaaiu")))
    assert key.lower().startswith(plain.lower())
    if found["doi"]:
        assert re.fullmatch(r"10\.\d{4,9}/\S+", found["doi"])
        assert found.doi_url == f"https://doi.org/{found['doi']}"


def test_no_two_entries_share_a_doi():
    given = [r["doi"] for r in all_references().values() if r["doi"]]
    assert len(given) == len(set(given))


def _cited():
    for name, measure in all_measures().items():
        yield from ((f"measure {name}", key) for key in measure.cites)
    for name, preset in all_presets().items():
        yield from ((f"preset {name}", key) for key in preset.cites)
        for group in preset.regressors:
            yield from ((f"regressors {group.name}", key) for key in group.cites)
    for name in atlas_names():
        yield from ((f"atlas {name}", key) for key in load_atlas(name).cites)
    for caveat in all_caveats():
        yield from ((f"caveat {caveat.name}", key) for key in caveat.cites)
    for registry in (all_drugs(), all_models(), all_parameter_sets()):
        for name, member in registry.items():
            yield from ((f"{type(member).__name__} {name}", key) for key in member.cites)
    for registry in (all_conditions(), all_events()):
        for name, member in registry.items():
            yield from ((f"evidence on {name}", row.source) for row in member.evidence)
    yield from (("software", key) for key in SOFTWARE.values())
    yield from (("primer", key) for key in PRIMER_KEYS)


@pytest.mark.parametrize(("who", "key"), sorted(set(_cited())))
def test_what_is_cited_is_in_the_list(who, key):
    assert reference(key).key == key


@pytest.mark.parametrize(
    "call", [reference, lambda k: citation_markdown([k]), lambda k: citation_bibtex([k])]
)
def test_an_unknown_key_is_refused(call):
    with pytest.raises(DefaultModeError) as raised:
        call("Nobody1900")
    assert raised.value.code == "E410"
    assert "Nobody1900" in raised.value.detail


def test_a_reference_as_one_line():
    line = format_reference(reference("Fox2005"))
    assert line == (
        "Fox M. D., Snyder A. Z., Vincent J. L., Corbetta M., Van Essen D. C., Raichle M. E. (2005). "
        "The human brain is intrinsically organized into dynamic, anticorrelated functional networks. "
        "Proceedings of the National Academy of Sciences 102(27):9673–9678. doi:10.1073/pnas.0504136102"
    )
    assert reference("Fox2005").short == "Fox et al. 2005"
    assert reference("Guimera2005").short == "Guimerà and Amaral 2005"


def test_many_authors_are_cut_and_unchecked_entries_say_so():
    line = format_reference(reference("Ciric2017"))
    assert "Baum G. L., et al. (2017)" in line
    assert "Roalf" in line
    assert "Ruparel" not in line
    for found in all_references().values():
        assert ("[unverified" in format_reference(found)) == (not found.verified)


def test_bibtex_reads_back_as_what_it_was(monkeypatch):
    written = citation_bibtex(["Fox2005", "Cole2010", "Fox2005"])
    assert written.count("@article") == 2
    for key in ("Cole2010", "Fox2005"):
        for name, value in reference(key).fields.items():
            assert f"  {name} = {{{value}}}" in written
    assert citation_markdown(["Fox2005", "Cole2010"]).splitlines()[0].startswith("- Cole M. W.")
