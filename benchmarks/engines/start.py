"""How long our engine takes to its first simulated second in a fresh process, imports apart.

python start.py WORK.npz
"""

import json
import sys
import time
from pathlib import Path

started = time.perf_counter()
import run_defaultmode  # noqa: E402
from work import load  # noqa: E402

imported = time.perf_counter()
run_defaultmode.prepare(load(Path(sys.argv[1]), 2, 1))
print(json.dumps({"import_s": imported - started, "first_s": time.perf_counter() - imported}))
