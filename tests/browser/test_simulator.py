"""The simulator's page in a browser: from a file, from a server, by keyboard, and with scripts off."""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from itertools import pairwise
from threading import Event, Thread

import pytest

from defaultmode.report.simulator_page import build_simulator
from made_simulator import FRAMES_MIN, made_catalogue, made_course, made_grid

HOSTILE = "</option></script><img src=x onerror=alert(1)><svg onload=alert(2)>"
TOKEN = "a-token"


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """The offline page; its twin has a name that would like to run."""
    grid = made_grid(HOSTILE)
    path = tmp_path_factory.mktemp("simulator") / "simulator.html"
    path.write_text(build_simulator(grid["catalogue"], grid=grid), "utf-8")
    return path


@pytest.fixture
def simulator(opened, page_file):
    """The offline page, loaded to the end."""
    found = ready(opened(page_file))
    yield found
    assert found.quiet, (found.said, found.asked, found.dialogs)


def until(found, condition):
    """Wait for what the page does by itself; its policy lets nothing be evaluated for that."""
    for _ in range(400):
        if condition():
            return
        found.page.wait_for_timeout(50)
    pytest.fail(f"it never came true; the page says: {state(found)}, {found.said}")


def ready(found):
    """Wait until everything is loaded: the comparison comes last."""
    until(found, lambda: found.page.locator("#compare-now tbody tr").count() > 0)
    return found


def state(found):
    """The sentence that says what is seen."""
    return found.page.inner_text("#state")


def pixels(found):
    """The matrix as it is drawn."""
    return found.page.evaluate("document.querySelector('#matrix').toDataURL()")


def readings(found, chart):
    """The numbers beside a chart's lines on the clock."""
    return found.page.locator(f"#{chart} output strong").all_inner_texts()


def test_time_dose_and_treatment_change_numbers_and_picture(simulator):
    page = simulator.page
    before, picture = state(simulator), pixels(simulator)
    for _ in range(3):
        page.click("#forward")
    expected = made_course("depressed", "ketamine", 0.5)["frames"][3]["within_default"]
    assert state(simulator).startswith("40 min after ketamine (0.5 mg/kg). Depressed:")
    assert f"within the default mode {expected:.2f}" in state(simulator)
    assert readings(simulator, "connectivity")[0] == f"{expected:.3f}"
    until(simulator, lambda: pixels(simulator) != picture)
    page.locator("#dose").press("ArrowRight")
    until(simulator, lambda: "1.0 mg/kg" in state(simulator))
    higher = made_course("depressed", "ketamine", 1.0)["frames"][3]["within_default"]
    until(simulator, lambda: readings(simulator, "connectivity")[0] == f"{higher:.3f}")
    page.select_option("#treatment-choice", "ect")
    until(simulator, lambda: "ECT. Depressed" in state(simulator))
    assert state(simulator) != before


def test_the_keyboard_moves_time_and_play_runs_it(simulator):
    page = simulator.page
    page.locator("#time").focus()
    page.keyboard.press("End")
    assert page.locator("#time").get_attribute("aria-valuetext") == "7 d after the treatment"
    page.keyboard.press("Home")
    page.locator("#play").focus()
    page.keyboard.press("Enter")
    until(simulator, lambda: int(page.input_value("#time")) > 5)
    assert page.inner_text("#play") == "Pause"
    page.keyboard.press("Enter")
    assert page.inner_text("#play") == "Play"


def test_what_was_not_studied_cannot_be_chosen(simulator):
    page = simulator.page
    assert "Greyed: 2.0 mg/kg. Only 0.1 to 1 mg/kg was studied." in page.inner_text("#dose-about")
    page.locator("#dose").press("End")
    assert page.inner_text("#dose-said") == "1.0 mg/kg"
    page.select_option("#treatment-choice", "meditation")
    assert page.locator("#dose").is_disabled()
    assert page.inner_text("#dose-about") == "Meditation has no dose."


def test_a_therapy_session_moves_mood_and_is_marked(simulator):
    page = simulator.page
    page.locator("#time").press("End")
    before = readings(simulator, "mood")
    page.check("#therapy")
    until(simulator, lambda: readings(simulator, "mood") not in ([], before))
    assert page.inner_text("#therapy-said") == "1 d after"
    assert "therapy" in page.locator("#mood .event-text").all_text_contents()


def test_a_twin_gets_a_share_and_no_mood_and_its_name_does_not_run(simulator):
    page = simulator.page
    page.select_option("#brain-choice", "twin-1")
    until(simulator, lambda: page.locator("#no-scores").is_visible())
    assert "fitted to one scan" in page.inner_text("#no-scores")
    for chart in ("mood", "dissociation", "compare-mood"):
        assert not page.locator(f"#{chart}").is_visible()
    assert page.inner_text("#dose-name") == "Exposure (share of the highest studied level)"
    assert "usual exposures" in page.inner_text("#compare-how")
    assert "dose" not in page.inner_text("#compare-how")
    assert page.inner_text("#dose-said") == "50% of the highest studied level"
    assert "mg/kg" not in state(simulator)
    assert page.locator("#therapy").is_disabled()
    assert page.locator("#treatment-choice option[value=ect]").is_disabled()
    assert HOSTILE in page.inner_text("#brain-about")
    assert page.locator("img").count() == 0


def test_the_slider_says_where_the_clock_stands_from_the_start_and_after_a_choice(simulator):
    slider = simulator.page.locator("#time")
    for brain in ("depressed", "twin-1"):
        simulator.page.select_option("#brain-choice", brain)
        assert slider.input_value() == "0"
        assert slider.get_attribute("aria-valuetext") == "10 min before the treatment"


def test_marks_are_counted_and_what_is_known_of_mood_and_of_signs_stands_beside_it(simulator):
    page = simulator.page
    chips = page.locator("#rests summary, #rests .nothing").all_inner_texts()
    some = ["calibrated 1", "built in 1", "emergent 1"]
    assert chips == [*some, "assumed 0: nothing here is marked as assumed"]
    notes = page.locator("#mood-notes li")
    assert "not an effect within minutes" in notes.nth(0).inner_text()
    assert notes.nth(1).inner_text() == "Mood follows trial averages. (built in)"
    frames = made_course("depressed", "ketamine", 0.5)["frames"]
    first, most = frames[0], min(frames, key=lambda frame: frame["within_default"])
    by = first["within_default"] - most["within_default"]
    raised = most["without_global"]["within_default"] - first["without_global"]["within_default"]
    signs = page.inner_text("#signs")
    assert "40 min after ketamine (0.5 mg/kg), where the two disagree most:" in signs
    assert f"with the global signal it falls by {by:.3f}" in signs
    assert f"without it, it rises by {raised:.3f}" in signs
    page.select_option("#treatment-choice", "none")
    until(simulator, lambda: "does not change" in page.inner_text("#signs"))
    assert notes.all_inner_texts() == ["Mood follows trial averages. (built in)"]


def test_compared_treatments_have_lines_labels_dashes_and_numbers(simulator):
    page = simulator.page
    page.check("#compared input[value=ect]")
    until(simulator, lambda: page.locator("#compare-mood .plot .line").count() == 4)
    lines = page.locator("#compare-mood .plot .line")
    dashes = lines.evaluate_all("all => all.map((line) => getComputedStyle(line).strokeDasharray)")
    labels = page.locator("#compare-mood .label").all_text_contents()
    assert sorted(labels) == ["ECT", "Ketamine", "Midazolam", "Psilocybin"]
    assert len(set(dashes)) == 4
    page.click("#compare-mood summary")
    until(simulator, lambda: page.locator("#compare-mood tbody tr").count() == len(FRAMES_MIN))


def test_every_chart_has_its_numbers_and_the_average_can_be_taken_out(simulator):
    page = simulator.page
    until(simulator, lambda: page.locator("#running .plot .bead").count() == 3)
    page.check("#apart")
    until(simulator, lambda: page.locator("#running .plot .bead").count() == 2)
    for chart in (
        "connectivity",
        "without",
        "variance",
        "plasma",
        "acting",
        "dissociation",
        "mood",
    ):
        rows = page.locator(f"#{chart} tbody tr")
        page.click(f"#{chart} summary")
        until(simulator, lambda rows=rows: rows.count() == len(FRAMES_MIN))


def test_without_scripts_the_tables_are_shown_and_the_page_says_what_is_missing(opened, page_file):
    found = opened(page_file, scripts=False)
    assert found.page.locator("#tables table").count() == 6
    assert found.page.locator("#tables td").first.is_visible()
    assert "JavaScript is off" in found.page.inner_text("noscript p")
    assert not found.page.locator("#bench").is_visible()
    assert found.quiet


def test_less_motion_stops_play_but_not_the_steps(opened, page_file):
    found = opened(page_file, reduced_motion="reduce")
    ready(found)
    assert found.page.locator("#play").is_disabled()
    assert "asks for less motion" in found.page.inner_text("#still")
    before = state(found)
    found.page.click("#forward")
    assert state(found) != before


def gaps(shown):
    """The room between neighbours on a line, in px."""
    boxes = [shown.nth(i).bounding_box() for i in range(shown.count())]
    return [b["x"] - a["x"] - a["width"] for a, b in pairwise(boxes)]


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_nothing_is_wider_than_the_page_nor_inaccessible(opened, page_file, width, scheme):
    axe = files(pytest.importorskip("axe_playwright_python")).joinpath("axe.min.js")
    found = ready(opened(page_file, width=width, color_scheme=scheme, bypass_csp=True))
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    assert min(gaps(found.page.locator("#hours span:not(.crowded)"))) >= 6
    for closed in ("#mood summary", "#compare-mood summary"):
        found.page.click(closed)
    found.page.add_script_tag(content=axe.read_text("utf-8"))
    wrong = found.page.evaluate("async () => (await axe.run(document)).violations")
    assert [f"{v['id']}: {n['html'][:120]}" for v in wrong for n in v["nodes"]] == []


class Answers(BaseHTTPRequestHandler):
    """A server that answers as the real one does, and keeps what it was sent."""

    heard: list
    go_on: Event

    def log_message(self, *_):
        """Nothing."""

    def do_GET(self):
        """The page."""
        self.answer(build_simulator(made_catalogue(), token=TOKEN), "text/html; charset=utf-8")

    def do_POST(self):
        """One of the three questions."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.heard.append((self.path, self.headers["X-Token"], self.headers["Content-Type"], asked))
        parts = (asked["brain"], asked["treatment"], asked["dose"], asked["therapy_at_min"])
        course = made_course(*parts)
        frames = course.pop("frames")
        if self.path == "/api/frames" and asked["treatment"] == "psilocybin":
            self.go_on.wait(20)
        n = len(made_catalogue()["regions"])
        sample = {"activity": [0.5] * n, "default": 0.5, "task_positive": 0.5, "global": 0.5}
        lines = {
            "/api/course": [course],
            "/api/frames": frames,
            "/api/live": [*({"t_s": t} | sample for t in range(60)), {"done": True}],
        }[self.path]
        self.answer("\n".join(json.dumps(line) for line in lines), "application/json")

    def answer(self, text, kind):
        """Send it."""
        body = text.encode("utf-8")
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(*, slow=False):
    """Such a server's address, what it hears, and the event that psilocybin waits for if slow."""
    heard, go_on = [], Event()
    if not slow:
        go_on.set()
    handler = type("Listening", (Answers,), {"heard": heard, "go_on": go_on})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", heard, go_on
        go_on.set()
        server.shutdown()
        thread.join()


def test_the_served_page_asks_its_server_with_the_token(opened):
    with serving() as (address, heard, _):
        found = opened(address, offline=False)
        ready(found)
        found.page.wait_for_selector("#running svg .bead")
        expected = made_course("depressed", "ketamine", 0.5)["frames"][0]["within_default"]
        assert f"within the default mode {expected:.2f}" in state(found)
    paths = {path for path, *_ in heard}
    assert paths == {"/api/course", "/api/frames", "/api/live"}
    assert {(token, kind) for _, token, kind, _ in heard} == {(TOKEN, "application/json")}
    live = next(asked for path, *_, asked in heard if path == "/api/live")
    assert live["at_min"] == FRAMES_MIN[0]
    assert not found.said


def test_what_is_still_being_computed_is_named_and_never_bare(opened):
    with serving(slow=True) as (address, _, go_on):
        found = opened(address, offline=False)
        waiting = found.page.locator("#compare-missing")
        until(found, lambda: waiting.inner_text() == "Still being computed: Psilocybin, Midazolam.")
        found.page.select_option("#treatment-choice", "psilocybin")
        until(found, lambda: "psilocybin" in state(found))
        assert "Connectivity is being computed" in state(found)
        assert "fills when you press Play" in found.page.inner_text("#running .absent")
        assert "n/a" not in found.page.inner_text("#bench")
        go_on.set()
        until(found, lambda: not waiting.inner_text() and "within" in state(found))
