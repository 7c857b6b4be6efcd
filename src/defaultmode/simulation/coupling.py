"""What regions receive from one another: the product of a connection matrix with their states.

A batch keeps a block of the product in vector registers, which no loop that numba compiles does;
so that block is written in LLVM's own language, or in plain loops where that cannot be emitted.
"""

from typing import Any, NamedTuple

import numpy as np
from llvmlite import binding, ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

Singles = NDArray[np.float32]
FAST: dict[str, Any] = {"fastmath": True, "error_model": "numpy", "nogil": True}
SINGLE, INDEX, WORD = ir.FloatType(), ir.IntType(64), ir.IntType(32)
UNROLLED = 8  # columns that one pass over a single person's regions adds up


class Block(NamedTuple):
    """The part of a product that stays in registers: rows × vectors of so many lanes."""

    rows: int
    vectors: int
    lanes: int


def largest_block() -> Block:
    """The largest block that this processor's vector registers hold."""
    wide = binding.get_host_cpu_features().get("avx512f", False)
    return Block(10, 2, 16) if wide else Block(6, 2, 8)


BLOCK = largest_block()
ROWS, COLUMNS = BLOCK.rows, BLOCK.vectors * BLOCK.lanes


def packed(matrix: NDArray[np.float64]) -> Singles:
    """A matrix (n, n) in the order in which a batch reads it: [block of rows][column][row], flat.

    Rows are filled up with zeros to whole blocks.
    """
    n = matrix.shape[0]
    n_blocks = -(-n // ROWS)
    rows = np.zeros((n_blocks * ROWS, n), dtype=np.float32)
    rows[:n] = matrix
    return np.ascontiguousarray(rows.reshape(n_blocks, ROWS, n).transpose(0, 2, 1)).ravel()


def transposed(matrix: NDArray[np.float64], width: int) -> Singles:
    """A matrix (n, n) as a single person reads it, [column, row up to `width`]."""
    n = matrix.shape[0]
    columns = np.zeros((-(-n // UNROLLED) * UNROLLED, width), dtype=np.float32)
    columns[:n, :n] = matrix.T
    return columns


def emit_block(builder: ir.IRBuilder, pointers: tuple[Any, ...], places: tuple[Any, ...]) -> None:
    """Writes the loop over columns for one block.

    pointers : of the weights of this block [column][row]; of what is sent and of what is received,
        both at the block's first lane
    places : number of columns; length of a row of `sent` and `received`
    """
    weights, sent, received = pointers
    n, stride = places
    vector = ir.VectorType(SINGLE, BLOCK.lanes)
    cells = [(r, v) for r in range(BLOCK.rows) for v in range(BLOCK.vectors)]
    sums = {cell: cgutils.alloca_once_value(builder, ir.Constant(vector, None)) for cell in cells}
    for cell in cells:
        builder.store(ir.Constant(vector, None), sums[cell])

    def at(base: Any, offset: Any, v: int) -> Any:
        first = builder.add(offset, ir.Constant(INDEX, v * BLOCK.lanes))
        return builder.bitcast(builder.gep(base, [first]), vector.as_pointer())

    with cgutils.for_range(builder, n) as loop:
        row = builder.mul(loop.index, stride)
        states = [builder.load(at(sent, row, v), align=4) for v in range(BLOCK.vectors)]
        column = builder.gep(weights, [builder.mul(loop.index, ir.Constant(INDEX, BLOCK.rows))])
        for r in range(BLOCK.rows):
            weight = _spread(builder, builder.load(builder.gep(column, [ir.Constant(INDEX, r)])))
            for v in range(BLOCK.vectors):
                term = builder.fmul(weight, states[v], flags=("fast",))
                total = builder.fadd(builder.load(sums[r, v]), term, flags=("fast",))
                builder.store(total, sums[r, v])
    for r, v in cells:
        row = builder.mul(stride, ir.Constant(INDEX, r))
        builder.store(builder.load(sums[r, v]), at(received, row, v), align=4)


def _spread(builder: ir.IRBuilder, number: Any) -> Any:
    """One number in every lane of a vector."""
    vector = ir.VectorType(SINGLE, BLOCK.lanes)
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(WORD, 0))
    lanes = ir.Constant(ir.VectorType(WORD, BLOCK.lanes), [0] * BLOCK.lanes)
    return builder.shuffle_vector(first, nothing, lanes)


@intrinsic  # type: ignore[misc]
def in_registers(_: Any, weights: Any, sent: Any, received: Any, places: Any) -> Any:
    """One block of a product; `places` are columns, stride, first row and first lane."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        arrays = zip(signature.args[:3], values[:3], strict=True)
        data = [context.make_array(kind)(context, builder, value).data for kind, value in arrays]
        n, stride, row, lane = cgutils.unpack_tuple(builder, values[3])
        corner = builder.add(builder.mul(row, stride), lane)
        pointers = (
            builder.gep(data[0], [builder.mul(row, n)]),
            builder.gep(data[1], [lane]),
            builder.gep(data[2], [corner]),
        )
        emit_block(builder, pointers, (n, stride))
        return context.get_dummy_value()

    return types.void(weights, sent, received, places), generate


@njit(**FAST)
def in_loops(weights: Singles, sent: Singles, received: Singles, places: tuple[int, ...]) -> None:
    """The same block in plain loops."""
    n, stride, first_row, lane = places
    for row in range(ROWS):
        to = (first_row + row) * stride + lane
        for x in range(COLUMNS):
            received[to + x] = np.float32(0)
        for k in range(n):
            weight = weights[first_row * n + k * ROWS + row]
            for x in range(COLUMNS):
                received[to + x] += weight * sent[k * stride + lane + x]


def can_emit() -> bool:
    """Whether this version of LLVM takes what `emit_block` writes."""
    module = ir.Module()
    pointer = SINGLE.as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [pointer] * 3 + [INDEX] * 2)
    function = ir.Function(module, kind, "block")
    builder = ir.IRBuilder(function.append_basic_block())
    try:
        emit_block(builder, function.args[:3], function.args[3:])
        builder.ret_void()
        binding.parse_assembly(str(module)).verify()
    except (AttributeError, TypeError, NotImplementedError, RuntimeError):
        return False
    return True


block = in_registers if can_emit() else in_loops


@njit(**FAST)
def receive_batch(weights: Singles, sent: Singles, received: Singles, shape: tuple[int, int]) -> None:
    """Everybody's input; `sent` and `received` are flat (n_regions, width), shape (n, width)."""
    n, width = shape
    for row in range(0, n, ROWS):
        for lane in range(0, width, COLUMNS):
            block(weights, sent, received, (n, width, row, lane))


@njit(**FAST)
def receive_single(weights: Singles, sent: Singles, received: Singles) -> None:
    """One person's input; `sent` and `received` are (width,), weights as `transposed`."""
    width = weights.shape[1]
    for x in range(width):
        received[x] = np.float32(0)
    for block in range(weights.shape[0] // UNROLLED):
        k = block * UNROLLED
        for x in range(width):
            received[x] += (
                sent[k] * weights[k, x]
                + sent[k + 1] * weights[k + 1, x]
                + sent[k + 2] * weights[k + 2, x]
                + sent[k + 3] * weights[k + 3, x]
                + sent[k + 4] * weights[k + 4, x]
                + sent[k + 5] * weights[k + 5, x]
                + sent[k + 6] * weights[k + 6, x]
                + sent[k + 7] * weights[k + 7, x]
            )
