"""The account of the network, depression and ketamine: sentences, and the claims behind each."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from defaultmode.claims import find_claim
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.toml_table import Table, parse_toml

CODE = "E415"
FILE = "account.toml"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the account.

    claims : the claims that it makes
    says : statements of the scoreboard that say the same of the model
    beside : other statements on the matter
    note : what must be known of the two, empty for nothing
    """

    text: str
    claims: tuple[str, ...]
    says: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A heading and the paragraphs below it."""

    heading: str
    paragraphs: tuple[tuple[Sentence, ...], ...]

    @property
    def sentences(self) -> Iterator[Sentence]:
        """Its sentences in order."""
        for paragraph in self.paragraphs:
            yield from paragraph


@cache
def read_account() -> tuple[Part, ...]:
    """The account in its order; raises E415 for a broken file, E410 for a claim that is not."""
    return parse_account(files(__package__).joinpath(FILE).read_text("utf-8"), FILE)


def parse_account(text: str, where: str) -> tuple[Part, ...]:
    """The account from the text of its file; raises E415 and E410."""
    with Table(parse_toml(text, where, code=CODE), where, code=CODE) as whole:
        return tuple(_part(one) for one in whole.tables("part"))


def _part(raw: Table) -> Part:
    with raw as table:
        return Part(table.text("heading"), tuple(map(_paragraph, table.tables("paragraph"))))


def _paragraph(raw: Table) -> tuple[Sentence, ...]:
    with raw as table:
        return tuple(map(_sentence, table.tables("sentence")))


def _sentence(raw: Table) -> Sentence:
    with raw as table:
        names = table.texts("claims")
        if not names:
            raise DefaultModeError(CODE, "claims is empty; expected at least one claim.")
        return Sentence(
            text=table.text("text"),
            claims=tuple(find_claim(name).id for name in names),
            says=table.texts("says", ()),
            beside=table.texts("beside", ()),
            note=table.text("note", ""),
        )
