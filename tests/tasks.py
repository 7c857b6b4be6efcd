"""Tasks that tests give to other processes, which must be able to import them."""

import os

from defaultmode.core.errors import DefaultModeError


def square_or_refuse(value: int) -> int:
    if value == 3:
        raise DefaultModeError("E301", "three")
    return value * value


def exhausted(_: int) -> int:
    raise MemoryError


def killed(_: int) -> int:
    os.kill(os.getpid(), 9)
    return 0
