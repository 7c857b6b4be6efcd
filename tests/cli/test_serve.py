"""`serve`: an address that works until Ctrl-C, or one file."""

import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path
from types import SimpleNamespace

import pytest

from defaultmode.cli import main
from defaultmode.pipeline import serving

RUN = [sys.executable, "-m", "defaultmode", "serve", "--no-browser"]


def test_serves_until_interrupted() -> None:
    with subprocess.Popen(RUN, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as serve:
        try:
            url = serve.stdout.readline().strip()
            with urllib.request.urlopen(url, timeout=60) as page:
                text = page.read().decode("utf-8")
            with pytest.raises(urllib.error.HTTPError, match="401") as refused:
                urllib.request.urlopen(url.partition("?")[0], timeout=60)
            refused.value.close()
        finally:
            serve.send_signal(signal.SIGINT)
            out, err = serve.communicate(timeout=60)
    assert url.startswith("http://127.0.0.1:")
    assert "Research use only" in text
    assert (serve.returncode, out) == (0, "")
    assert "Traceback" not in err
    assert url.partition("token=")[2] not in err


def test_port_that_is_taken(capsys: pytest.CaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "--no-browser", "--port", port]) == 5
    assert "E608" in capsys.readouterr().err


def test_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["serve", "--no-browser", "--twins", str(tmp_path / "none")]) == 3
    assert "E101" in capsys.readouterr().err


def test_browser_is_opened_with_the_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    opened = []

    def interrupted(self: serving.LocalServer, poll_interval: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("webbrowser.get", lambda: SimpleNamespace(open=opened.append))
    monkeypatch.setattr(serving.LocalServer, "serve_forever", interrupted)
    assert main(["serve"]) == 0
    assert opened == [capsys.readouterr().out.strip()]
    assert "?token=" in opened[0]
    assert main(["serve", "--no-browser"]) == 0
    in_terminal = webbrowser.GenericBrowser("false")
    monkeypatch.setattr("webbrowser.get", lambda: in_terminal)
    monkeypatch.setattr(in_terminal, "open", opened.append)
    assert main(["serve"]) == 0
    assert len(opened) == 1


def test_page_is_one_file_that_holds_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def nothing(simulator: serving.Simulator, *, seed: int, quiet: bool) -> dict:
        assert (seed, quiet) == (7, True)
        return {"catalogue": serving.catalogue(simulator), "courses": {}, "live": {}, "edges": []}

    monkeypatch.setattr(serving, "offline_grid", nothing)
    out = tmp_path / "page.html"
    assert main(["serve", "--page", str(out), "--seed", "7", "--quiet"]) == 0
    text = out.read_text("utf-8")
    assert "Research use only" in text
    assert "connect-src" not in text
    assert "MB" in capsys.readouterr().out


def test_help_says_what_it_is(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as done:
        main(["serve", "--help"])
    assert done.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    for word in ("--twins", "--port", "--no-browser", "--page", "--seed", "Ctrl-C"):
        assert word in said
    assert "not evidence of effect in people" in said
