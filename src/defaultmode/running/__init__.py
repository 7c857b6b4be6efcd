"""Carrying work out: tasks, atomic files, manifests and launchers. It knows nothing of brains."""

from defaultmode.running.files import write_bytes, write_text
from defaultmode.running.fresh import fresh_folder, refuse_foreign, refuse_occupied
from defaultmode.running.launch import Task, launch, worker_count
from defaultmode.running.manifest import Fingerprint, Manifest, read_manifest, write_manifest
from defaultmode.running.progress import progress, progress_bar

__all__ = [
    "Fingerprint",
    "Manifest",
    "Task",
    "fresh_folder",
    "launch",
    "progress",
    "progress_bar",
    "read_manifest",
    "refuse_foreign",
    "refuse_occupied",
    "worker_count",
    "write_bytes",
    "write_manifest",
    "write_text",
]
