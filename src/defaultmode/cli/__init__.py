"""The command line: parse, call the pipeline, print."""

import argparse
import sys
from collections.abc import Callable, Sequence

from defaultmode import __version__
from defaultmode.cli.analyses import run_check, run_demo, run_measure, run_study
from defaultmode.cli.arguments import parser
from defaultmode.cli.claims import run_claims
from defaultmode.cli.edges import run_edges
from defaultmode.cli.fitting import run_fit
from defaultmode.cli.listings import run_explain, run_list, run_list_virtual
from defaultmode.cli.overlap import run_overlap
from defaultmode.cli.planning import run_plan
from defaultmode.cli.power import run_power
from defaultmode.cli.predicting import run_predict
from defaultmode.cli.printing import say, say_error
from defaultmode.cli.scoring import run_scoreboard
from defaultmode.cli.serving import run_serve
from defaultmode.cli.verifying import run_verify
from defaultmode.cli.virtual import run_simulate, run_trial
from defaultmode.core.errors import DefaultModeError

LEVELS = ("participant", "group")


def bids_app(arguments: Sequence[str]) -> list[str]:
    """Turn `DERIVATIVES OUT participant|group` into the verb that it spells."""
    words = [_dashed(word) for word in arguments]
    if not words or words[0] in VERB_FUNCTIONS or words[0].startswith("-"):
        return words
    if len(words) >= 3 and words[2] in LEVELS:
        source, out, level, *flags = words
        return (
            ["measure", source, out, *flags] if level == "participant" else ["study", out, *flags]
        )
    return words


def _dashed(word: str) -> str:
    """`--participant_label` is read as `--participant-label`, as BIDS-Apps accept both."""
    name, equals, value = word.partition("=")
    return name.replace("_", "-") + equals + value if name.startswith("--") else word


GONE = "interrupted; nothing was written, and the same command begins from the start."
INTERRUPTED = {
    "": "interrupted; what is finished is kept, and the same command goes on from there.",
    "simulate": GONE,
    "trial": GONE,
    "scoreboard": GONE,
    "serve": GONE,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    words = bids_app(sys.argv[1:] if arguments is None else arguments)
    options = parser().parse_args(words)
    try:
        code = VERB_FUNCTIONS[options.verb](options)
        sys.stdout.flush()
    except DefaultModeError as problem:
        say_error(problem)
        code = problem.exit
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone: nothing is wrong here
        code = 0
    except KeyboardInterrupt:
        say(INTERRUPTED.get(options.verb, INTERRUPTED[""]))
        code = 130
    except MemoryError:
        say_error(DefaultModeError("E605", "memory ran out."))
        code = 5
    except Exception as bug:  # noqa: BLE001  # the one place where a bug becomes a crash file
        code = crash(bug)
    return code


def crash(bug: Exception) -> int:
    """Keep the traceback of a bug in a file and say where it is."""
    import tempfile
    import traceback

    text = "".join(traceback.format_exception(bug))
    with tempfile.NamedTemporaryFile(
        "w", prefix="defaultmode-crash-", suffix=".txt", delete=False, encoding="utf-8"
    ) as stream:
        stream.write(f"defaultmode {__version__}\n{' '.join(sys.argv)}\n{text}")
    say(f"defaultmode: this is a bug ({type(bug).__name__}). Please report {stream.name}")
    return 1


VERB_FUNCTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "demo": run_demo,
    "check": run_check,
    "measure": run_measure,
    "study": run_study,
    "fit": run_fit,
    "predict": run_predict,
    "verify": run_verify,
    "simulate": run_simulate,
    "trial": run_trial,
    "scoreboard": run_scoreboard,
    "serve": run_serve,
    "plan": run_plan,
    "claims": run_claims,
    "overlap": run_overlap,
    "edges": run_edges,
    "power": run_power,
    "measures": run_list,
    "atlases": run_list,
    "presets": run_list,
    "drugs": run_list_virtual,
    "conditions": run_list_virtual,
    "events": run_list_virtual,
    "models": run_list_virtual,
    "explain": run_explain,
}
