"""The report in a browser: downloads hold the numbers, filters hide and tell, nothing is asked."""

import numpy as np
import pytest

from defaultmode.core.plan import Plan
from defaultmode.pipeline.ledger import ledger
from defaultmode.pipeline.reporting import verdicts_of
from defaultmode.report import Page, build_page
from report_example import example_page, numbers_in
from toy_studies import two_groups


@pytest.fixture(scope="module")
def html():
    return build_page(example_page())


@pytest.fixture(scope="module")
def path(html, tmp_path_factory):
    found = tmp_path_factory.mktemp("report") / "report.html"
    found.write_text(html, "utf-8")
    return found


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    study = two_groups(np.random.default_rng(3), effect=0.8)
    book = ledger(study, Plan(claims=("C7", "C9", "C16"), permutations=99))
    found = tmp_path_factory.mktemp("claims") / "report.html"
    page = Page("Toy", study, verdicts=verdicts_of(book))
    found.write_text(build_page(page), "utf-8")
    return found


def test_it_opens_in_silence_and_fits(opened, path, claims):
    for where in (path, claims):
        for width in (1280, 360):
            found = opened(where, width=width)
            assert found.quiet, (found.said, found.asked)
            wide = found.page.evaluate("() => document.documentElement.scrollWidth")
            assert wide <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(violations, path, claims, scheme):
    assert violations(path, color_scheme=scheme) == []
    assert violations(claims, color_scheme=scheme) == []


def test_a_button_saves_the_numbers_of_its_figure(opened, html, path):
    found = opened(path, accept_downloads=True)
    button = found.page.locator("button[data-numbers^=points-within]").first
    name = button.get_attribute("data-numbers")
    with found.page.expect_download() as saved:
        button.click()
    assert saved.value.suggested_filename == f"{name}.tsv"
    assert saved.value.path().read_text("utf-8") == numbers_in(html)[name]
    assert found.quiet, found.said


def test_without_a_script_every_figure_is_there_and_no_button(opened, claims):
    found = opened(claims, scripts=False)
    assert found.page.locator("figure svg[role=img]").count() >= 3
    assert found.page.locator("button:visible").count() == 0
    assert found.page.locator(".filters").count() == 0
    found.page.locator("#claim-C9 summary").first.click()
    assert found.page.locator("#claim-C9-forest svg[role=img]").is_visible()


def chosen(page, name):
    """The box of one preset in the open list of filters."""
    if page.locator(".filters details").get_attribute("open") is None:
        page.locator(".filters summary").press("Enter")
    return page.get_by_label(name, exact=True)


def test_a_filter_hides_what_is_of_another_preset_and_says_how_much(opened, path):
    page = opened(path).page
    rows = page.locator("#effects tbody tr")
    before = rows.count()
    chosen(page, "as-supplied+GSR").press("Space")
    hidden = page.locator("#effects tr.filtered")
    assert 0 < hidden.count() < before
    assert all(h.get_attribute("data-preset") == "as-supplied+GSR" for h in hidden.all())
    assert hidden.first.is_hidden()
    assert (
        f"{page.locator('tr.filtered').count()} rows are hidden"
        in page.locator(".filters output").inner_text()
    )
    assert "preset=as-supplied" in page.evaluate("() => location.hash")


def test_the_choice_outlives_the_page_and_a_jump_in_it(opened, path):
    found = opened(path.resolve().as_uri() + "#missing?preset=as-supplied")
    assert found.page.locator("#effects tr.filtered").count()
    found.page.locator("nav a[href='#methods']").click()
    found.page.wait_for_function("() => location.hash === '#methods?preset=as-supplied'")
    assert found.page.locator("#effects tr.filtered").count()
    found.page.emulate_media(media="print")
    assert found.page.locator("#effects tr.filtered").first.is_visible()


def test_no_filter_hides_a_verdict(opened, claims):
    page = opened(claims).page
    page.evaluate("() => document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    for box in page.locator(".filters input").all():
        box.uncheck()
    for place in (".lines li", "#verdicts tbody tr", "#claim-C9-presets tbody tr"):
        assert all(row.is_visible() for row in page.locator(place).all())


def test_a_table_is_sorted_by_its_numbers(opened, path):
    page = opened(path).page
    head = page.locator("#people thead tr").nth(1).locator("button").first
    head.click()
    cells = page.locator("#people tbody tr td:nth-of-type(5)").all_inner_texts()
    numbers = [float(cell.replace("−", "-")) for cell in cells]
    assert numbers == sorted(numbers)
