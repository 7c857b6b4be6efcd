"""Every sentence of the account with all that stands behind it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from defaultmode.claims import Claim, all_claims
from defaultmode.report.account import Sentence, read_account
from defaultmode.report.account_evidence import AGAINST, Balance, balance
from defaultmode.report.account_own import Own
from defaultmode.report.account_scores import Scored, mostly_fails, read_scoreboard, word_of


@dataclass(frozen=True, eq=False)
class Told:
    """A sentence and what is known of it.

    first : claims that no earlier sentence made, whose anchors are here
    """

    number: int
    sentence: Sentence
    first: frozenset[str]
    own: Own | None

    @property
    def claims(self) -> list[Claim]:
        """The claims that it makes."""
        return [all_claims()[name] for name in self.sentence.claims]

    @cached_property
    def balance(self) -> Balance:
        """What was published on each side."""
        return balance(self.claims)

    @cached_property
    def read(self) -> Balance:
        """The same of findings that were read in their source."""
        return balance(self.claims, read=True)

    @cached_property
    def says(self) -> list[Scored]:
        """What the simulator was asked that says the same."""
        return [read_scoreboard().statements[name] for name in self.sentence.says]

    @property
    def beside(self) -> list[Scored]:
        """What else it was asked on the matter."""
        return [read_scoreboard().statements[name] for name in self.sentence.beside]

    @property
    def model(self) -> str:
        """What the simulator does with it, in a word."""
        return word_of(self.says)

    @property
    def silent(self) -> str:
        """Why the simulator cannot speak to it, empty where it does or where nobody wrote why."""
        reasons = [read_scoreboard().silent.get(name, "") for name in self.sentence.claims]
        return "; ".join(filter(None, dict.fromkeys(reasons)))

    @property
    def words(self) -> list[str]:
        """What the study says of it."""
        return self.own.words(self.sentence.claims) if self.own else []

    @property
    def contradicted(self) -> list[str]:
        """What contradicts it, of evidence, model and data."""
        by = {
            "evidence": self.balance.word in AGAINST,
            "model": mostly_fails(self.says),
            "data": "contradicted" in self.words,
        }
        return [name for name, so in by.items() if so]


def tell(own: Own | None = None) -> Iterator[Told]:
    """The account sentence by sentence, with a study's verdicts where given; raises E415."""
    met: set[str] = set()
    sentences = (one for part in read_account() for one in part.sentences)
    for number, sentence in enumerate(sentences, 1):
        yield Told(number, sentence, frozenset(sentence.claims) - met, own)
        met |= set(sentence.claims)
