"""What a finished run consists of, so that only what is missing or stale is done again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from defaultmode.running.files import sha256, write_text


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A file as it was: name, size in bytes, time of change in ns, SHA-256."""

    name: str
    size: int
    changed_ns: int
    sha256: str

    @classmethod
    def of(cls, path: Path, name: str = "", *, known: str = "") -> "Fingerprint":
        """A file's fingerprint; `known` is its SHA-256 where it has been read already."""
        status = path.stat()
        digest = known or sha256(path)
        return cls(name or str(path), status.st_size, status.st_mtime_ns, digest)

    def matches(self, path: Path) -> bool:
        """Whether the file is still the same; bytes are read only if its time of change moved."""
        if not path.is_file():
            return False
        status = path.stat()
        if status.st_size != self.size:
            return False
        return status.st_mtime_ns == self.changed_ns or sha256(path) == self.sha256

    def holds(self, path: Path) -> bool:
        """Whether a file that is there has the same bytes, whatever its time of change says."""
        return path.stat().st_size == self.size and sha256(path) == self.sha256


@dataclass(frozen=True, slots=True)
class Manifest:
    """One finished run: its inputs, its files, the settings and the code that made them."""

    key: str
    version: str
    settings: Mapping[str, object]
    inputs: tuple[Fingerprint, ...]
    files: tuple[Fingerprint, ...]
    outcome: Mapping[str, object] = field(default_factory=dict)

    def is_current(self, folder: Path, *, version: str, settings: Mapping[str, object]) -> bool:
        """Whether the run was made by this code with these settings and nothing has changed."""
        same = self.version == version and dict(self.settings) == _plain(settings)
        return (
            same
            and all(f.matches(folder / f.name) for f in self.files)
            and all(f.matches(Path(f.name)) for f in self.inputs)
        )

    def has_inputs(self, paths: Sequence[Path]) -> bool:
        """Whether the run was made from exactly these files."""
        return sorted(f.name for f in self.inputs) == sorted(str(p) for p in paths)


def _plain(settings: Mapping[str, object]) -> dict[str, object]:
    plain: dict[str, object] = json.loads(json.dumps(dict(settings)))
    return plain


def read_manifest(path: Path) -> Manifest | None:
    """The manifest in a file, or None where there is none that can be read."""
    try:
        raw = json.loads(path.read_text("utf-8"))
        inputs = tuple(Fingerprint(**f) for f in raw.pop("inputs"))
        files = tuple(Fingerprint(**f) for f in raw.pop("files"))
        return Manifest(**raw, inputs=inputs, files=files)
    except (OSError, ValueError, TypeError, KeyError):
        # a manifest that cannot be read means that the run is not finished: it is measured again
        return None


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write the manifest: the last file of a run."""
    plain = asdict(manifest) | {"settings": _plain(manifest.settings)}
    write_text(path, json.dumps(plain, indent=1, sort_keys=True) + "\n")
