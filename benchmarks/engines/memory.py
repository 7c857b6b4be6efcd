"""How much memory our engine holds at most, and how much more after a longer run.

python memory.py WORK.npz SHORT_S LONG_S
"""

import json
import sys
from pathlib import Path

import run_defaultmode
from work import load, peak_mb

short_s, long_s = (int(word) for word in sys.argv[2:])
_, run = run_defaultmode.prepare(load(Path(sys.argv[1]), 64, 1))
run(short_s)
before = peak_mb()
run(long_s)
print(json.dumps({"peak_mb": peak_mb(), "grown_mb": peak_mb() - before}))
