"""What many parts of a page's figures have in common, said once in a style of the page."""

import re
from collections import Counter

from markupsafe import Markup

PICTURE = re.compile(r'<div class="picture"(?: tabindex="0")?>.*?</div>', re.DOTALL)
NAMES = (
    "font-family", "fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap",
    "stroke-linejoin", "font-size", "font-weight", "text-anchor",
)  # fmt: skip
# Right after the name of its element, where no text of a study can stand.
LOOK = re.compile(rf'<(path|g|svg)((?: (?:{"|".join(NAMES)})="[^"<>{{}};]*")+)')
NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'  # which HTML knows without being told
FEWEST = 3  # uses that are shorter as a class


class Looks:
    """Presentation attributes that figures share, as classes; `rules` is their style sheet."""

    def __init__(self) -> None:
        self.rules = Markup("")

    def shared(self, body: str) -> Markup:
        """A page with a class in place of every look that its figures use several times."""
        body = str(body).replace(
            f"<svg{NAMESPACE}", "<svg"
        )  # a Markup would escape what it puts in
        pictures = PICTURE.findall(body)
        uses = Counter(look[2] for one in pictures for look in LOOK.finditer(one))
        common = [look for look, n in uses.most_common() if n >= FEWEST]
        classes = {look: f"k{i}" for i, look in enumerate(common)}
        rules = (f".{name}{{{_rule(look)}}}" for look, name in classes.items())
        self.rules = Markup("\n".join(rules))
        return Markup(PICTURE.sub(lambda found: _named(found[0], classes), body))


def _named(picture: str, classes: dict[str, str]) -> str:
    def named(found: re.Match[str]) -> str:
        name = classes.get(found[2])
        return f'<{found[1]} class="{name}"' if name else found[0]

    return LOOK.sub(named, picture)


def _rule(look: str) -> str:
    """Attributes as a style sheet writes them; a length there needs its unit."""
    pairs = re.findall(r' ([\w-]+)="([^"]*)"', look)
    return ";".join(f"{k}:{v}{'px' * (k == 'font-size')}" for k, v in pairs)
