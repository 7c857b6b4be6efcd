"""Carrying work out: tasks, atomic files, manifests and launchers. It knows nothing of brains."""

from defaultmode.running.files import write_text
from defaultmode.running.launch import Task, launch, worker_count
from defaultmode.running.manifest import Fingerprint, Manifest, read_manifest, write_manifest
from defaultmode.running.progress import progress

__all__ = [
    "Fingerprint",
    "Manifest",
    "Task",
    "launch",
    "progress",
    "read_manifest",
    "worker_count",
    "write_manifest",
    "write_text",
]
