"""One thread of linear algebra for each test process: many more are slower on few cores."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
