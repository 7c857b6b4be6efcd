"""What regions receive from one another: the product of a connection matrix with their states.

The product stays in vector registers block by block, which no loop that numba compiles does; so a
block is written in LLVM's own language, or in plain loops where that cannot be emitted. The same
block serves a batch (weights spread over the lanes, which are people) and one person alone (states
spread over the lanes, which are regions).
"""

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numpy.typing import NDArray

from defaultmode.simulation.compiling import compiled, emitted

Singles = NDArray[np.float32]
SINGLE, INDEX, WORD = ir.FloatType(), ir.IntType(64), ir.IntType(32)


class Block(NamedTuple):
    """The part of a product that stays in registers.

    rows, vectors, lanes : of the result, vectors × lanes wide
    strands : sums over every second, third, ... term, which do not wait for one another
    """

    rows: int
    vectors: int
    lanes: int
    strands: int


def blocks() -> tuple[Block, Block, Block]:
    """For a batch; for many and for few regions of one person: as large as registers hold."""
    if binding.get_host_cpu_features().get("avx512f", False):
        return Block(10, 2, 16, 1), Block(1, 4, 16, 2), Block(1, 1, 16, 8)
    return Block(6, 2, 8, 1), Block(1, 8, 8, 1), Block(1, 2, 8, 4)


BATCH, MANY, FEW = blocks()
BATCH_WIDTH, MANY_WIDTH, FEW_WIDTH = (b.vectors * b.lanes for b in (BATCH, MANY, FEW))
DEPTH = 8  # one person's columns are filled up to a multiple, for whole strands


def packed(matrix: NDArray[np.float64]) -> Singles:
    """A matrix (n, n) in the order in which a batch reads it: [block of rows][column][row], flat.

    Rows are filled up with zeros to whole blocks.
    """
    n = matrix.shape[0]
    n_blocks = -(-n // BATCH.rows)
    rows = np.zeros((n_blocks * BATCH.rows, n), dtype=np.float32)
    rows[:n] = matrix
    return np.ascontiguousarray(rows.reshape(n_blocks, BATCH.rows, n).transpose(0, 2, 1)).ravel()


def transposed(matrix: NDArray[np.float64], width: int) -> Singles:
    """A matrix (n, n) as one person alone reads it: [block of rows][column][row], flat.

    Rows are filled up with zeros to `width`; a block is as wide as `receive_alone` takes it, so
    that memory is read from one end to the other.
    """
    n = matrix.shape[0]
    columns = np.zeros((-(-n // DEPTH) * DEPTH, width), dtype=np.float32)
    columns[:n, :n] = matrix.T
    many = width // MANY_WIDTH * MANY_WIDTH
    edges = [*range(0, many, MANY_WIDTH), *range(many, width + 1, FEW_WIDTH)]
    parts = [columns[:, low:high].ravel() for low, high in itertools.pairwise(edges)]
    return np.concatenate(parts)


def emit(builder: ir.IRBuilder, block: Block, pointers: Any, places: Any) -> None:
    """Writes the loop over the terms of one block.

    pointers : to the first factor of the first row [term][row], to the first vectors, to the result
    places : number of terms; from factor to factor, from vector to vector, from row to row
    """
    factors, vectors, result = pointers
    n_terms, factor_step, vector_step, row_step = places
    nothing = ir.Constant(ir.VectorType(SINGLE, block.lanes), None)
    cells = [(r, v) for r in range(block.rows) for v in range(block.vectors)]
    strands = range(block.strands)
    with builder.goto_entry_block():
        sums = {(cell, k): builder.alloca(nothing.type) for cell in cells for k in strands}
    for total in sums.values():
        builder.store(nothing, total)

    def at(base: Any, offset: Any, v: int) -> Any:
        place = builder.gep(base, [builder.add(offset, _number(v * block.lanes))])
        return builder.bitcast(place, nothing.type.as_pointer())

    with cgutils.for_range(builder, builder.sdiv(n_terms, _number(block.strands))) as loop:
        for k in strands:
            term = builder.add(builder.mul(loop.index, _number(block.strands)), _number(k))
            row = builder.mul(term, vector_step)
            loaded = [builder.load(at(vectors, row, v), align=4) for v in range(block.vectors)]
            column = builder.gep(factors, [builder.mul(term, factor_step)])
            for r in range(block.rows):
                factor = builder.load(builder.gep(column, [_number(r)]))
                spread = _spread(builder, factor, nothing.type)
                for v in range(block.vectors):
                    total = sums[(r, v), k]
                    product = builder.fmul(spread, loaded[v], flags=("fast",))
                    sum_ = builder.fadd(builder.load(total), product, flags=("fast",))
                    builder.store(sum_, total)
    for r, v in cells:
        total = builder.load(sums[(r, v), 0])
        for k in strands[1:]:
            total = builder.fadd(total, builder.load(sums[(r, v), k]), flags=("fast",))
        builder.store(total, at(result, builder.mul(row_step, _number(r)), v), align=4)


def _number(value: int) -> ir.Constant:
    return ir.Constant(INDEX, value)


def _spread(builder: ir.IRBuilder, number: Any, vector: ir.VectorType) -> Any:
    """One number in every lane of a vector."""
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(WORD, 0))
    lanes = ir.Constant(ir.VectorType(WORD, vector.count), [0] * vector.count)
    return builder.shuffle_vector(first, nothing, lanes)


def can_emit(block: Block) -> bool:
    """Whether this version of LLVM takes what `emit` writes."""
    module = ir.Module()
    kind = ir.FunctionType(ir.VoidType(), [SINGLE.as_pointer()] * 3 + [INDEX] * 4)
    function = ir.Function(module, kind, "block")
    builder = ir.IRBuilder(function.append_basic_block())
    try:
        emit(builder, block, function.args[:3], function.args[3:])
        builder.ret_void()
        binding.parse_assembly(str(module)).verify()
    except (AttributeError, TypeError, NotImplementedError, RuntimeError):
        return False
    return True


def in_registers(block: Block) -> Callable[..., None]:
    """The product of one block: result[r, x] = Σ_t factors[t, r] vectors[t, x].

    All three are flat; `starts` says where the block begins in each, `places` as for `emit`.
    """

    @emitted
    def product(_: Any, factors: Any, vectors: Any, result: Any, starts: Any, places: Any) -> Any:
        def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> None:
            pointers = []
            for k, kind in enumerate(signature.args[:3]):
                data = context.make_array(kind)(context, builder, values[k]).data
                pointers.append(builder.gep(data, [builder.extract_value(values[3], k)]))
            emit(builder, block, pointers, [builder.extract_value(values[4], k) for k in range(4)])

        return types.void(factors, vectors, result, starts, places), generate

    return product


def in_loops(block: Block) -> Callable[..., None]:
    """The same in plain loops."""
    rows, width = block.rows, block.vectors * block.lanes

    @compiled
    def product(
        factors: Singles, vectors: Singles, result: Singles, starts: Any, places: Any
    ) -> None:
        n_terms, factor_step, vector_step, row_step = places
        for r in range(rows):
            to = starts[2] + r * row_step
            for x in range(width):
                result[to + x] = np.float32(0)
            for term in range(n_terms):
                factor = factors[starts[0] + term * factor_step + r]
                vector = starts[1] + term * vector_step
                for x in range(width):
                    result[to + x] += factor * vectors[vector + x]

    return product


make = in_registers if can_emit(BATCH) else in_loops
batch_product, many_product, few_product = make(BATCH), make(MANY), make(FEW)


@compiled
def receive_batch(
    weights: Singles, sent: Singles, received: Singles, shape: tuple[int, int]
) -> None:
    """Everybody's input; `sent` and `received` are flat (n_regions, width), `shape` is that."""
    n, width = shape
    for row in range(0, n, BATCH.rows):
        for lane in range(0, width, BATCH_WIDTH):
            starts = (row * n, lane, row * width + lane)
            batch_product(weights, sent, received, starts, (n, BATCH.rows, width, width))


@compiled
def receive_alone(
    weights: Singles, sent: Singles, received: Singles, shape: tuple[int, int]
) -> None:
    """One person's input; `sent` and `received` are (width,) or longer, weights as `transposed`."""
    width = shape[1]
    n = weights.size // width
    lane = 0
    while lane + MANY_WIDTH <= width:
        many_product(sent, weights, received, (0, lane * n, lane), (n, 1, MANY_WIDTH, 0))
        lane += MANY_WIDTH
    while lane < width:
        few_product(sent, weights, received, (0, lane * n, lane), (n, 1, FEW_WIDTH, 0))
        lane += FEW_WIDTH
