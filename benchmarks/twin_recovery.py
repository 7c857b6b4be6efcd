"""Whether a twin's parameters come back, and whether its intervals hold; docs/twin_recovery.md.

python benchmarks/twin_recovery.py --quick | --full [--keep FOLDER] [--share K N] [--out FILE.md]
    --keep   every person is kept there; a run that was cut off goes on from it
    --share  computes only people K, K + N, K + 2N … and writes nothing else
The last line is JSON.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
os.environ.update(ONE_THREAD)  # before numpy is imported: seconds are those of one core

from machine import machine  # noqa: E402
from recovering.jobs import QUICK, Plan, compute  # noqa: E402
from recovering.report import report, summary  # noqa: E402


def main() -> None:
    """Compute, write, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--quick", action="store_true")
    size.add_argument("--full", action="store_true")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--share", type=int, nargs=2, metavar=("K", "N"))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    plan = QUICK if options.quick else Plan()
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        keep = options.keep or Path(folder)
        keep.mkdir(parents=True, exist_ok=True)
        share, shares = options.share or (0, 1)
        compute(plan, keep, share=share, shares=shares)
        if options.share:
            return
        found = summary(plan, keep) | {"cpu_s": round(time.process_time() - began, 1)}
        if options.out:
            told = report(plan, keep, machine("numpy", "scipy", "numba"))
            options.out.write_text(told, "utf-8")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
