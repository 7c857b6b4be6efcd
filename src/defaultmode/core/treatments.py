"""Treatments known by the words that tables and sidecars use for them."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

Words = tuple[str, ...]
NOT_A_TREATMENT = "not a treatment"
# They say that a treatment was not given: up to three words before it, or directly after it.
BEFORE = frozenset({"no", "not", "non", "never", "without", "off"})
AFTER = frozenset({"naive", "naïve", "free", "no", "not"})
# A run of capitals before a word, a run of capitals, a word that may begin with one, or digits.
WORD = re.compile(r"[A-Z]+(?![a-z])|[^\W\d_]?[^\W\d_A-Z]+|[A-Z]|\d+")


def treatment_named(text: str) -> str:
    """The treatment that a text names, "" where it names none or several.

    Whole words only, in any case: "KET", "ses-ket1" and "postKetamine" are ketamine, "Trinket" is
    nothing. A treatment that was not given ("no ketamine", "ketamine-naive") is not named; one of
    another time ("pre-ketamine") is: when it was is not asked here.
    """
    words = _words(text)
    if len(words) == 1 and words[0] in _alone():
        return _alone()[words[0]]
    found = set(_named(words)) - {NOT_A_TREATMENT}
    return found.pop() if len(found) == 1 else ""


@cache
def synonyms() -> Mapping[str, tuple[str, ...]]:
    """Every treatment with the words that name it, as they are written in the data file."""
    return {
        name: (*entry["names"], *entry.get("alone", ()))
        for name, entry in _file().items()
        if name != NOT_A_TREATMENT
    }


def _named(words: Words) -> Iterator[str]:
    """Treatments from left to right, the longest phrase first, those not given left out."""
    at = 0
    while at < len(words):
        name, length = _at(words, at)
        before, after = words[max(at - 3, 0) : at], words[at + length : at + length + 1]
        if name and not BEFORE & set(before) and not AFTER & set(after):
            yield name
        at += length


def _at(words: Words, at: int) -> tuple[str, int]:
    """The treatment whose phrase begins here and how many words it takes; "" and 1 for none."""
    longest = max(len(phrase) for phrase in _phrases())
    for length in range(longest, 0, -1):
        name = _phrases().get(words[at : at + length])
        if name:
            return name, length
    return "", 1


def _words(text: str) -> Words:
    """Words and numbers in lower case; a capital inside a word begins another."""
    return tuple(word.lower() for word in WORD.findall(text))


@cache
def _file() -> Mapping[str, Mapping[str, list[str]]]:
    return tomllib.loads(files(__package__).joinpath("treatments.toml").read_text("utf-8"))


@cache
def _phrases() -> Mapping[Words, str]:
    """Phrases as words, also as they come where everything is written in lower case."""
    return {
        _words(written): name
        for name, entry in _file().items()
        for phrase in entry["names"]
        for written in (phrase, phrase.lower())
    }


@cache
def _alone() -> Mapping[str, str]:
    return {word: name for name, entry in _file().items() for word in entry.get("alone", ())}
