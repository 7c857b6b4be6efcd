"""The TRIPOD+AI items of a prediction study, filled with what ran, the rest left to its authors."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

AUTHOR = "author must write"


@cache
def _items() -> list[dict[str, str]]:
    text = files(__package__).joinpath("tripod.toml").read_text("utf-8")
    items: list[dict[str, str]] = tomllib.loads(text)["item"]
    return items


def tripod_rows(facts: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """Item, section, what it asks for in short, and what is known of it or "author must write".

    facts : key of `tripod.toml` → what ran. Items as numbered by Collins et al. (2024), in our own
    words; the statement itself says what each needs.
    """
    return [
        (
            item["number"],
            item["section"],
            item["asks"],
            "; ".join(_answer(item, facts)),
        )
        for item in _items()
    ]


def _answer(item: Mapping[str, str], facts: Mapping[str, str]) -> list[str]:
    known = [facts[key] for key in item.get("facts", "").split() if facts.get(key)]
    left = item.get("author", "")
    return [*known, *([f"{AUTHOR}: {left}"] if left else [] if known else [AUTHOR])]
