"""Damages bytes as disks, transfers, editors and spreadsheets do, from a seed."""

from collections.abc import Callable, Iterator
from itertools import cycle, islice

import numpy as np

Damage = Callable[[bytes, np.random.Generator], bytes]
BLOCK = 512  # a disk's sector
TOKENS = (
    b"\t", b"\n", b"\r", b"\r\n", b'"', b"'", b"\0", b"\xef\xbb\xbf", b"\xe4", b"n/a", b"nan", b"inf",
    b"1e999", b"1_0", b"-", b".", b",", b";", b"=", b"[", b"]", b"{", b"}", b"#", b"null", b"true", b" ",
    b"\xe2\x88\x92", b"0", b"9" * 40,
)  # fmt: skip


def _place(raw: bytes, rng: np.random.Generator) -> int:
    return int(rng.integers(len(raw)))


def flip_a_bit(raw: bytes, rng: np.random.Generator) -> bytes:
    damaged = bytearray(raw)
    damaged[_place(raw, rng)] ^= 1 << int(rng.integers(8))
    return bytes(damaged)


def change_bytes(raw: bytes, rng: np.random.Generator) -> bytes:
    damaged = bytearray(raw)
    for _ in range(int(rng.integers(1, 9))):
        damaged[_place(raw, rng)] = int(rng.integers(256))
    return bytes(damaged)


def cut(raw: bytes, rng: np.random.Generator) -> bytes:
    return raw[: _place(raw, rng)]


def lose_a_part(raw: bytes, rng: np.random.Generator) -> bytes:
    at = _place(raw, rng)
    return raw[:at] + raw[at + int(rng.integers(1, 40)) :]


def repeat_a_part(raw: bytes, rng: np.random.Generator) -> bytes:
    at, n = _place(raw, rng), int(rng.integers(1, 40))
    return raw[: at + n] + raw[at:]


def insert_a_token(raw: bytes, rng: np.random.Generator) -> bytes:
    at = _place(raw, rng)
    return raw[:at] + TOKENS[int(rng.integers(len(TOKENS)))] + raw[at:]


def change_a_digit(raw: bytes, rng: np.random.Generator) -> bytes:
    digits = [i for i, byte in enumerate(raw) if chr(byte).isdigit()]
    damaged = bytearray(raw)
    damaged[digits[int(rng.integers(len(digits)))]] = ord("0") + int(rng.integers(10))
    return bytes(damaged)


def empty_a_block(raw: bytes, rng: np.random.Generator) -> bytes:
    at, block = _place(raw, rng), min(BLOCK, len(raw) // 4)
    return raw[:at] + bytes(len(raw[at : at + block])) + raw[at + block :]


def exchange_a_block(raw: bytes, rng: np.random.Generator) -> bytes:
    at, other, block = _place(raw, rng), _place(raw, rng), min(BLOCK, len(raw) // 4)
    return raw[:at] + raw[other : other + block] + raw[at + block :]


BINARY: tuple[Damage, ...] = (
    flip_a_bit, change_bytes, cut, lose_a_part, repeat_a_part, empty_a_block, exchange_a_block,
)  # fmt: skip
TEXT: tuple[Damage, ...] = (
    flip_a_bit, change_bytes, cut, lose_a_part, repeat_a_part, insert_a_token, change_a_digit,
)  # fmt: skip


def mutants(raw: bytes, damages: tuple[Damage, ...], count: int, seed: int) -> Iterator[bytes]:
    """So many damaged copies, none of them like the whole one; the same for the same seed."""
    rng = np.random.default_rng(seed)
    damaged = (damage(raw, rng) for damage in cycle(damages))
    return islice((mutant for mutant in damaged if mutant != raw), count)
