"""How every page is made: one file, no network, and nothing foreign that could run in it."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from defaultmode.report.looks import Looks
from defaultmode.report.methods import MARK, keys_in
from defaultmode.report.references import all_references
from defaultmode.report.writing import Numbers

if TYPE_CHECKING:
    from jinja2 import Environment

NOTHING_FOREIGN = "img-src data:; base-uri 'none'; form-action 'none'"


@cache
def asset(name: str) -> str:
    """The text of one of the pages' templates, styles or scripts."""
    text = files(__package__).joinpath(name).read_text("utf-8")
    return _bare(text) if name.endswith((".js", ".css")) else text


def _bare(text: str) -> str:
    """A style or script without indents and without lines that are only a comment."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def policy(styles: Sequence[str], scripts: Sequence[str], *, connects: bool = False) -> str:
    """Content-Security-Policy: these styles and scripts by hash, pictures from the file itself.

    connects : whether the page may ask the server that it came from
    """
    allowed = {
        "style-src": " ".join(map(_hash, styles)),
        "script-src": " ".join(map(_hash, scripts)),
        "connect-src": "'self'" if connects else "",
    }
    said = "; ".join(f"{name} {value}" for name, value in allowed.items() if value)
    return f"default-src 'none'; {said}; {NOTHING_FOREIGN}"


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def breakable(text: str) -> Markup:
    """The name of a preset, which a narrow column may break before what is added to it."""
    return Markup("<wbr>+").join(escape(part) for part in text.split("+"))


def linked(text: str) -> Markup:
    """Text with its reference marks turned into links to the list of references."""
    known = all_references()
    parts, end = [], 0
    for mark in MARK.finditer(text):
        parts.append(escape(text[end : mark.start()]))
        links = [
            Markup('<a class="cite" href="#ref-{0}">{1}</a>').format(key, known[key].short)
            if key in known
            else escape(f"{key}, not in the list of references")
            for key in keys_in(mark[0])
        ]
        parts.append(Markup("({})").format(Markup("; ").join(links)))
        end = mark.end()
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def rendered(
    template: str,
    context: Mapping[str, object],
    *,
    styles: Sequence[str],
    scripts: Sequence[str],
    connects: bool = False,
) -> str:
    """A template, with the styles and scripts it names, as one HTML text.

    template, styles, scripts : names of files beside this one; template extends shell.html.j2
    """
    style_texts, script_texts = [asset(n) for n in styles], [asset(n) for n in scripts]
    page = {
        "numbers": Numbers(),
        "looks": Looks(),
        "styles": [Markup(text) for text in style_texts],
        "scripts": [Markup(text) for text in script_texts],
        "policy": lambda made: policy([*style_texts, *made], script_texts, connects=connects),
    }
    return _environment().get_template(template).render(**page, **context)


@cache
def _environment() -> "Environment":
    """Where templates are read and compiled: once, because a study can have a thousand pages."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(asset),
    )
    environment.filters |= {"linked": linked, "breakable": breakable}
    return environment
