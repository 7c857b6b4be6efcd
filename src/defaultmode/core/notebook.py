"""How nouns show themselves in a notebook: a few lines of HTML, and one line of plain text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

MOST_ROWS, MOST_COLUMNS = 5, 6  # of a preview
LONGEST = 300  # characters of one value
# Colours are those of the notebook, so that light and dark schemes both stay legible.
LEFT = 'style="text-align: left; vertical-align: top"'


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of a table.

    header : names of the columns; rows : some rows, a cell per column; n_rows : of the whole table
    """

    header: Sequence[object]
    rows: Sequence[Sequence[object]]
    n_rows: int


class Shown:
    """A noun that says what it holds; a notebook shows that instead of arrays and long texts."""

    __slots__ = ()

    def about(self) -> Mapping[str, object]:
        """What there is to say, name → value; an empty value is left out."""
        raise NotImplementedError

    def preview(self) -> Preview | None:
        """The table to show below, None for none."""
        return None

    def __repr__(self) -> str:
        said = ", ".join(f"{name}: {_text(v)}" for name, v in self.about().items() if _said(v))
        return f"<{type(self).__name__} {said}>"

    def _repr_html_(self) -> str:
        return html_of(type(self).__name__, self.about(), self.preview())


def html_of(title: str, about: Mapping[str, object], preview: Preview | None = None) -> str:
    """A small table of names and values with a caption, and a preview below it; all escaped."""
    rows = [(name, value) for name, value in about.items() if _said(value)]
    body = "".join(
        f'<tr><th scope="row" {LEFT}>{_html(name)}</th><td {LEFT}>{_html(value)}</td></tr>'
        for name, value in rows
    )
    caption = f"<caption {LEFT}><strong>{_html(title)}</strong></caption>"
    return f"<table>{caption}<tbody>{body}</tbody></table>" + (
        "" if preview is None else _preview_html(preview)
    )


def _preview_html(preview: Preview) -> str:
    columns = len(preview.header)
    head = _cells(preview.header, 'th scope="col"', "th")
    body = "".join(f"<tr>{_cells(row, 'td', 'td')}</tr>" for row in preview.rows[:MOST_ROWS])
    hidden = (
        (preview.n_rows - min(len(preview.rows), MOST_ROWS), "rows"),
        (columns - MOST_COLUMNS, "columns"),
    )
    more = " and ".join(f"{n} more {what}" for n, what in hidden if n > 0)
    below = f"<p>{more}</p>" if more else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"


def _cells(values: Iterable[object], opening: str, closing: str) -> str:
    shown = list(values)[:MOST_COLUMNS]
    return "".join(f"<{opening} {LEFT}>{_html(value)}</{closing}>" for value in shown)


def _said(value: object) -> bool:
    return value is not None and str(value) not in {"", "()"}


def _html(value: object) -> str:
    return escape(_text(value))


def _text(value: object) -> str:
    """A value in one line: lists joined, numbers short, long texts cut."""
    if isinstance(value, float):
        text = f"{value:.4g}"
    elif isinstance(value, tuple | list):
        text = ", ".join(map(_text, value))
    else:
        text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
