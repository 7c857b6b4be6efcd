"""The bytes of an image, decompressed to their very end, a few volumes at a time."""

import hashlib
import io
import zlib
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.nifti_header import LONGEST_HEADER, VolumeHeader, parse_header

SHORTEST_HEADER = 348
BYTE_ORDERS: tuple[Literal["little"], Literal["big"]] = ("little", "big")
BLOCK_BYTES = 8 << 20  # two blocks are held; larger ones leave the processor's cache
LARGEST_VOLUME_BYTES = 2 << 30
# Deflate cannot pack more than 1032 bytes into one (RFC 1951: 258 bytes in two bits).
DEFLATE_LIMIT = 1032
GZIP_MAGIC = b"\x1f\x8b"
Blocks = Generator[NDArray[np.generic], None, None]


@dataclass(frozen=True, slots=True)
class Decompressor:
    """What inflates gzip: its name, how it opens a stream, what it raises on damage."""

    name: str
    open: Callable[..., Any]
    damage: tuple[Any, ...]


def _best_decompressor() -> Decompressor:
    import gzip

    damage = (gzip.BadGzipFile, zlib.error)
    try:
        from isal import igzip, isal_zlib
    except ImportError:
        return Decompressor("zlib", gzip.GzipFile, damage)
    return Decompressor("isal", igzip.IGzipFile, (*damage, isal_zlib.error))


DECOMPRESSOR = _best_decompressor()


class _Tap(io.RawIOBase):
    """A file that keeps a copy of what is read from it, until someone takes it to be hashed."""

    def __init__(self, file: BinaryIO, seen: deque[bytes] | None) -> None:
        self._file = file
        self._seen = seen

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        n_read = self._file.readinto(buffer)  # type: ignore[attr-defined]
        if self._seen is not None:
            self._seen.append(bytes(memoryview(buffer)[:n_read]))
        return int(n_read)


class ByteSource:
    """The uncompressed bytes of one file in order; every fault of the file has its code."""

    def __init__(self, stream: Any, path: Path) -> None:
        self._stream = stream
        self._path = path

    def fill(self, buffer: memoryview) -> int:
        """Read into the buffer; fewer bytes than it holds only where the file ends.

        Raises E102 (the gzip stream is cut), E103 (it is corrupt), E101 (the disk fails).
        """
        n_read = 0
        try:
            while n_read < len(buffer):
                step = self._stream.readinto(buffer[n_read:])
                if not step:
                    break
                n_read += step
        except EOFError as error:
            raise DefaultModeError("E102", f"{self._path}: {error}.") from error
        except DECOMPRESSOR.damage as error:
            raise DefaultModeError("E103", f"{self._path}: {error}.") from error
        except OSError as error:
            raise DefaultModeError("E101", f"{self._path}: {error}.") from error
        return n_read

    def read(self, n_bytes: int) -> bytes:
        """The next bytes, at most so many."""
        buffer = bytearray(n_bytes)
        return bytes(buffer[: self.fill(memoryview(buffer))])

    def finish(self, promised_bytes: int) -> None:
        """Nothing may follow; for gzip this is where checksum and length are compared (E104)."""
        if self.read(1):
            msg = f"{self._path} holds more than the {promised_bytes} bytes of its header."
            raise DefaultModeError("E104", msg)


@contextmanager
def open_bytes(path: Path, seen: deque[bytes] | None = None) -> Generator[ByteSource, None, None]:
    """Open an image by its name: `.nii.gz` is inflated, `.nii` is not.

    `seen` receives the bytes as they lie on disk. Raises E101, E103, E105, E602.
    """
    _check_file(path)
    try:
        file = path.open("rb", buffering=0)
    except PermissionError as error:
        raise DefaultModeError("E602", f"{path} cannot be read.") from error
    with file:
        tap: Any = _Tap(file, seen)
        if not path.name.endswith(".gz"):
            yield ByteSource(tap, path)
            return
        if _first_bytes(path) != GZIP_MAGIC:
            raise DefaultModeError("E103", f"{path} is not compressed with gzip.")
        with DECOMPRESSOR.open(fileobj=tap, mode="rb") as stream:
            yield ByteSource(stream, path)


def _check_file(path: Path) -> None:
    if not path.name.endswith((".nii", ".nii.gz")):
        raise DefaultModeError("E105", f"{path} is not called .nii or .nii.gz.")
    if path.is_symlink() and not path.exists():
        raise DefaultModeError("E101", f"{path} is a link to a file that is not there.")
    if not path.is_file():
        found = "is not a file" if path.exists() else "does not exist"
        raise DefaultModeError("E101", f"{path} {found}.")
    if path.stat().st_size == 0:
        raise DefaultModeError("E101", f"{path} is empty.")


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(GZIP_MAGIC))


def read_header(path: Path, *, series: bool) -> VolumeHeader:
    """Every check that needs no voxel, so that nothing is allocated for a header that lies.

    Raises what `open_bytes` and `parse_header` raise, and E106 where the file is too small for
    what its header promises.
    """
    with open_bytes(path) as source:
        raw = source.read(SHORTEST_HEADER)
        if LONGEST_HEADER in {int.from_bytes(raw[:4], order) for order in BYTE_ORDERS}:
            raw += source.read(LONGEST_HEADER - SHORTEST_HEADER)
    header = parse_header(raw, path, series=series)
    _check_size(header)
    return header


def _check_size(header: VolumeHeader) -> None:
    path, promised = header.path, header.promised_bytes
    volume_bytes = header.n_voxels * header.dtype.itemsize
    if volume_bytes > LARGEST_VOLUME_BYTES:
        raise DefaultModeError("E106", f"{path}: one volume would take {volume_bytes} bytes.")
    size = path.stat().st_size
    if path.name.endswith(".gz"):
        if promised > DEFLATE_LIMIT * size:
            msg = f"{path}: {size} compressed bytes cannot hold the {promised} of the header."
            raise DefaultModeError("E106", msg)
    elif size != promised:
        code = "E104" if size > promised else "E106"
        raise DefaultModeError(code, f"{path} has {size} bytes; its header promises {promised}.")


def volume_blocks(header: VolumeHeader, digest: "hashlib._Hash | None" = None) -> Blocks:
    """Yield the stored values of successive volumes, each block (k, n_voxels), x fastest.

    One thread inflates the next block while the caller works on this one; a block is overwritten
    once the next but one is asked for. The stream is read to its end, checksum included, before
    the last block is given out; `digest` is updated with the bytes as they lie on disk. Raises E101
    to E104 and E106.
    """
    row_bytes = header.n_voxels * header.dtype.itemsize
    k = max(1, min(header.n_time, BLOCK_BYTES // row_bytes))
    buffers = [np.empty((k, header.n_voxels), header.dtype) for _ in range(2)]
    starts = range(0, header.n_time, k)
    seen: deque[bytes] | None = None if digest is None else deque()
    with open_bytes(header.path, seen) as source, ThreadPoolExecutor(1, "inflate") as thread:
        _skip(source, header)

        def block(i: int) -> NDArray[np.generic]:
            rows = buffers[i % 2][: header.n_time - starts[i]]
            return _fill(source, header, rows, last=i == len(starts) - 1)

        pending = thread.submit(block, 0)
        for i in range(len(starts)):
            rows = pending.result()
            if i + 1 < len(starts):
                pending = thread.submit(block, i + 1)
            _hash(seen, digest)
            yield rows


def _hash(seen: deque[bytes] | None, digest: "hashlib._Hash | None") -> None:
    # Done by the reducing thread: inflating is what a run waits for.
    while seen and digest is not None:
        digest.update(seen.popleft())


def _skip(source: ByteSource, header: VolumeHeader) -> None:
    if len(source.read(header.offset_bytes)) < header.offset_bytes:
        raise DefaultModeError("E106", f"{header.path} ends before its first volume.")


def _fill(
    source: ByteSource, header: VolumeHeader, rows: NDArray[np.generic], *, last: bool
) -> NDArray[np.generic]:
    if source.fill(rows.reshape(-1).view(np.uint8).data) < rows.nbytes:
        msg = f"{header.path} ends before the {header.promised_bytes} bytes of its header."
        raise DefaultModeError("E106", msg)
    if last:
        source.finish(header.promised_bytes)
    return rows


def read_volume(header: VolumeHeader) -> NDArray[np.float64]:
    """One volume, such as a brain mask, as values of shape (x, y, z)."""
    (block,) = volume_blocks(header)
    stored = block.astype(np.float64)
    return (stored * header.slope + header.inter).reshape(header.shape[:3], order="F")
