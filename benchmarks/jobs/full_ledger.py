"""The whole ledger of a made study of nothing: 1,000 people, three sessions, 60 measures.

python -m jobs.full_ledger (in the folder benchmarks)
"""

import time

import numpy as np
from jobs.answering import answer
from made_study import Size, made_study

from defaultmode.core.plan import Plan
from defaultmode.pipeline.ledger import ledger

SIZE = Size()
WARM = Size((12, 12, 12, 12))  # imports and compilation come before


def main() -> None:
    """Time every claim, preset, adjustment and permutation of the plan's default."""
    ledger(made_study(WARM, np.random.default_rng(1)), Plan(permutations=99))
    study = made_study(SIZE, np.random.default_rng(0))
    began, cpu = time.perf_counter(), time.process_time()
    book = ledger(study, Plan())
    table = book.claims.table
    answer(
        ledger_s=time.perf_counter() - began,
        cpu_s=time.process_time() - cpu,
        people=SIZE.n,
        rows=len(study.table),
        measures=SIZE.n_measures,
        permutations=Plan().permutations,
        claims=int(table["claim"].nunique()),
        specifications=len(book.specifications.table),
        verdicts={str(k): int(n) for k, n in table["verdict"].value_counts().items()},
    )


if __name__ == "__main__":
    main()
