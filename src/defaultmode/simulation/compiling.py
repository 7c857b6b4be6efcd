"""How numba compiles the engine: free to reorder sums, and without Python's lock."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit, types
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])
FAST: dict[str, Any] = {"fastmath": True, "error_model": "numpy"}


def compiled(function: Function) -> Function:
    """Compiled with what calls it."""
    return cast("Function", njit(nogil=True, **FAST)(function))


def inlined(function: Function) -> Function:
    """Put where it is called, so that a loop stays one loop."""
    return cast("Function", njit(inline="always", **FAST)(function))


def kept(function: Function) -> Function:
    """Compiled once per machine and kept on disk; once per process where nothing can be written."""
    try:
        return cast("Function", njit(nogil=True, cache=True, **FAST)(function))
    except RuntimeError:
        return compiled(function)


def emitted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Written in LLVM's own language by the function's second half."""
    return cast("Callable[..., Any]", intrinsic(function))


@emitted
def widest_vectors(_: Any) -> Any:
    """Lets LLVM use 512-bit vectors, which it avoids of itself where a processor has them."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:  # noqa: ARG001
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate
