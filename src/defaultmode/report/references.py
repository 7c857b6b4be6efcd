"""The one list of references, and how each is written in a text, in Markdown and in BibTeX."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from defaultmode.core.errors import UNUSABLE_NAME, DefaultModeError

_ENTRY = re.compile(
    r"^@(?P<kind>\w+)\{(?P<key>[^,\s]+),\n(?P<body>.*?)^\}", re.MULTILINE | re.DOTALL
)
_FIELD = re.compile(r"^\s*(?P<name>\w+)\s*=\s*\{(?P<value>.*?)\},?\s*$", re.MULTILINE)
UNVERIFIED = "unverified"
MOST_AUTHORS = 6


@dataclass(frozen=True, slots=True)
class Reference:
    """One published source. `verified` is False until it has been checked against a stored copy."""

    key: str
    kind: str
    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """A field such as "title"; empty where the entry has none."""
        return self.fields.get(name, "")

    @property
    def verified(self) -> bool:
        """Whether the entry was checked."""
        return UNVERIFIED not in self["note"]

    @property
    def authors(self) -> tuple[str, ...]:
        """Names as "Family, Given", in order."""
        return tuple(name.strip() for name in self["author"].split(" and ") if name.strip())

    @property
    def short(self) -> str:
        """Author and year as in a text, such as "Fox et al. 2005"."""
        families = [name.split(",")[0] for name in self.authors]
        if len(families) > 2:
            families = [f"{families[0]} et al."]
        return f"{' and '.join(families)} {self['year']}"

    @property
    def doi_url(self) -> str:
        """Address of the DOI, empty where there is none."""
        return f"https://doi.org/{self['doi']}" if self["doi"] else ""


@cache
def all_references() -> Mapping[str, Reference]:
    """Every reference by key, in alphabetical order; raises E410 where a key appears twice."""
    text = files(__package__).joinpath("references.bib").read_text("utf-8")
    found: dict[str, Reference] = {}
    for entry in _ENTRY.finditer(text):
        key = entry["key"]
        if key in found:
            raise DefaultModeError(UNUSABLE_NAME, f"references.bib has {key!r} twice.")
        given = {m["name"].lower(): m["value"] for m in _FIELD.finditer(entry["body"])}
        found[key] = Reference(key, entry["kind"].lower(), MappingProxyType(given))
    return MappingProxyType(dict(sorted(found.items())))


def reference(key: str) -> Reference:
    """Look one reference up by its key; raises E410 when there is none."""
    known = all_references()
    if key not in known:
        msg = f"no reference has the key {key!r}; see references.bib."
        raise DefaultModeError(UNUSABLE_NAME, msg)
    return known[key]


def _initials(name: str) -> str:
    family, _, given = name.partition(",")
    letters = " ".join(f"{part[0]}." for part in re.split(r"[\s-]+", given.strip()) if part)
    return f"{family} {letters}".strip()


def format_reference(found: Reference) -> str:
    """One line: authors (year). Title. Journal volume(number):pages. doi."""
    names = [_initials(name) for name in found.authors]
    if len(names) > MOST_AUTHORS:
        names = [*names[: MOST_AUTHORS - 1], "et al."]
    place = found["journal"] or found["booktitle"] or found["publisher"]
    number = f"({found['number']})" if found["number"] else ""
    span = found["pages"].replace("--", "–")
    pages = f":{span}" if span and found["volume"] else f", {span}" if span else ""
    volume = f" {found['volume']}" if found["volume"] else ""
    title = found["title"] if found["title"].endswith("?") else f"{found['title']}."
    doi = f" doi:{found['doi']}" if found["doi"] else ""
    doubt = "" if found.verified else f" [{found['note']}]"
    where = f"{place}{volume}{number}{pages}."
    return f"{', '.join(names)} ({found['year']}). {title} {where}{doi}{doubt}"


def _chosen(keys: Iterable[str]) -> list[Reference]:
    found = [reference(key) for key in dict.fromkeys(keys)]
    return sorted(found, key=lambda r: (r["author"].casefold(), r["year"], r.key))


def citation_markdown(keys: Iterable[str]) -> str:
    """The references as a Markdown list, by author; raises E410 for an unknown key."""
    return "".join(f"- {format_reference(found)}\n" for found in _chosen(keys))


def citation_bibtex(keys: Iterable[str]) -> str:
    """The references as BibTeX, by key; raises E410 for an unknown key."""
    entries = []
    for found in sorted(_chosen(keys), key=lambda r: r.key):
        lines = [f"  {name} = {{{value}}}" for name, value in found.fields.items()]
        entries.append(f"@{found.kind}{{{found.key},\n" + ",\n".join(lines) + "\n}\n")
    return "\n".join(entries)
