"""What a section of the report is: a heading, what fills it, and the template beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from defaultmode.report.nouns import Page

Filled = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the report.

    anchor : also the name of its template, sections/<anchor>.html.j2, which reads `here`
    short : its name in the list of contents
    fill : page → what the template reads as `here`; None leaves the section out
    cites : keys of the references that its template or its contents name
    styles, scripts : files of this folder that it needs beside those of every page
    """

    anchor: str
    title: str
    short: str
    fill: Callable[[Page], Filled | None]
    styles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()

    @property
    def template(self) -> str:
        """Where its template lies."""
        return f"sections/{self.anchor}.html.j2"
