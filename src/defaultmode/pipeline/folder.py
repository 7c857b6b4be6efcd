"""The output folder: whose it is, which runs are complete, and its log."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from defaultmode import __version__
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings, read_settings, settings_toml
from defaultmode.outputs import dataset_files
from defaultmode.running import Manifest, read_manifest, write_manifest, write_text
from defaultmode.sources.bids import RunFiles, dataset_description


def _same_input(before: Manifest, files: RunFiles | int) -> bool:
    """Whether a finished run was made from what the files and their sidecars still say."""
    if isinstance(files, int):
        return True
    said = json.loads(json.dumps([files.sidecar, files.confounds_sidecar]))
    same = said == [before.settings.get("sidecar"), before.settings.get("confounds")]
    return same and all(f.matches(Path(f.name)) for f in before.inputs)


def _manifests(folder: Path) -> list[Manifest]:
    """The manifests that can be read, in order of their keys."""
    found = (read_manifest(path) for path in sorted(folder.glob("*.json")))
    return [m for m in found if m is not None]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of results."""

    path: Path

    @property
    def manifests(self) -> Path:
        """Where the manifests of finished runs lie."""
        return self.path / "provenance" / "manifests"

    @property
    def scored(self) -> Path:
        """Where the manifests of runs lie that were scored by the states of the study."""
        return self.path / "provenance" / "scored"

    @property
    def planned(self) -> Path:
        """Where the keys of the runs that are to be measured lie."""
        return self.path / "provenance" / "planned.json"

    @property
    def failures(self) -> Path:
        """Where the runs that failed are recorded."""
        return self.path / "provenance" / "failures"

    @property
    def settings_file(self) -> Path:
        """Where the settings of the last `measure` are kept for `study`."""
        return self.path / "provenance" / "settings.toml"

    def claim(self, settings: Settings) -> None:
        """Make the folder ours; raises E603 if it holds something else or another data set."""
        ours = self.path / "dataset_description.json"
        self._refuse_another_source(settings)
        self.refuse_strangers()
        source = Path(settings.source) if settings.source else None
        upstream = dataset_description(source).get("GeneratedBy", []) if source else []
        links = {"derivatives": source.resolve().as_uri()} if source else {}
        texts = dataset_files(
            __version__, upstream=upstream if isinstance(upstream, list) else [], links=links
        )
        for name, text in texts.items():
            write_text(self.path / name, text)
        write_text(self.settings_file, settings_toml(settings))
        if not ours.is_file():
            raise DefaultModeError("E601", f"{ours} could not be written.")

    def refuse_strangers(self) -> None:
        """Raise E603 where the folder holds something that we did not make."""
        if self.path.exists() and not self.path.is_dir():
            raise DefaultModeError("E603", f"{self.path} is a file.")
        if self.path.is_dir() and any(self.path.iterdir()) and not self._is_ours():
            msg = f"{self.path} is not empty and was not made by defaultmode."
            raise DefaultModeError("E603", msg)

    def refuse_other_source(self, source: str) -> None:
        """Raise E603 where the folder holds something else, or is of another data set."""
        self.refuse_strangers()
        if self.settings_file.is_file() and read_settings(self.settings_file).source != source:
            msg = f"{self.path} holds results of another data set; choose another folder."
            raise DefaultModeError("E603", msg)

    def claim_beside(self, settings: Settings) -> None:
        """As `claim`, but the settings of a `measure` in this folder are left as they are."""
        self.refuse_other_source(settings.source)
        if not self.settings_file.is_file():
            self.claim(settings)

    def _refuse_another_source(self, settings: Settings) -> None:
        """Results of two data sets in one folder would be taken for one study."""
        if not self.settings_file.is_file() or not any(self.manifests.glob("*.json")):
            return
        before = read_settings(self.settings_file).source
        if before != settings.source:
            named = before or "the embedded recordings"
            msg = f"{self.path} holds results of {named}; choose another folder."
            raise DefaultModeError("E603", msg)

    def _is_ours(self) -> bool:
        try:
            generated = dataset_description(self.path).get("GeneratedBy", [])
        except DefaultModeError:
            return False
        first = generated[0] if isinstance(generated, list) and generated else {}
        return isinstance(first, dict) and first.get("Name") == "defaultmode"

    def manifest(self, key: str) -> Manifest | None:
        """The manifest of a run, None if it never finished."""
        return read_manifest(self.manifests / f"{key}.json")

    def is_complete(self, key: str, inputs: Sequence[Path], analysis: Mapping[str, object]) -> bool:
        """Whether this run is there, whole, and made from these inputs with these settings."""
        manifest = self.manifest(key)
        return (
            manifest is not None
            and manifest.has_inputs(inputs)
            and manifest.is_current(self.path, version=__version__, settings=analysis)
        )

    def finish(self, manifest: Manifest, before: Manifest | None) -> None:
        """Seal a run: its manifest, then nothing left of an earlier version of it."""
        write_manifest(self.manifests / f"{manifest.key}.json", manifest)
        self._unscore(manifest.key)
        self._drop_stale_twin(manifest)
        kept = {f.name for f in manifest.files}
        for old in before.files if before else ():
            if old.name not in kept:
                (self.path / old.name).unlink(missing_ok=True)
        (self.failures / f"{manifest.key}.json").unlink(missing_ok=True)

    def fitted(self, route: str = "twins") -> Path:
        """Where the manifests of twins lie, or those of their second route, "dynamics"."""
        return self.path / "provenance" / route

    def has_twin(
        self,
        key: str,
        inputs: Sequence[Path],
        analysis: Mapping[str, object],
        *,
        route: str = "twins",
    ) -> bool:
        """Whether the twin of a run is there, whole, and made from this with these settings."""
        manifest = read_manifest(self.fitted(route) / f"{key}.json")
        return (
            manifest is not None
            and manifest.has_inputs(inputs)
            and manifest.is_current(self.path, version=__version__, settings=analysis)
        )

    def finish_twin(self, manifest: Manifest, *, route: str = "twins") -> None:
        """Seal a twin."""
        write_manifest(self.fitted(route) / f"{manifest.key}.json", manifest)

    def drop_twin(self, key: str) -> None:
        """Remove the twin of a run, made from an earlier version of it."""
        for route in ("twins", "dynamics"):
            path = self.fitted(route) / f"{key}.json"
            self._remove_files(read_manifest(path))
            path.unlink(missing_ok=True)

    def _drop_stale_twin(self, measured: Manifest) -> None:
        """Remove a twin that was made from another version of a run's recording."""
        twin = read_manifest(self.fitted() / f"{measured.key}.json")
        now = {file.name: file.sha256 for file in measured.inputs}
        if twin and any(now.get(file.name, file.sha256) != file.sha256 for file in twin.inputs):
            self.drop_twin(measured.key)

    def twins(self, *, route: str = "twins") -> list[Manifest]:
        """The manifests of all twins, in order of their keys."""
        return _manifests(self.fitted(route))

    def is_scored(self, key: str, basis: Mapping[str, object]) -> bool:
        """Whether this run was scored by these states, from the files that it now has."""
        manifest = read_manifest(self.scored / f"{key}.json")
        return manifest is not None and manifest.is_current(
            self.path, version=__version__, settings=basis
        )

    def finish_scoring(self, manifest: Manifest) -> None:
        """Seal the scoring of a run by the states of the study."""
        write_manifest(self.scored / f"{manifest.key}.json", manifest)

    def _unscore(self, key: str) -> None:
        """Remove what was scored from an earlier version of a run."""
        path = self.scored / f"{key}.json"
        before = read_manifest(path)
        self._remove_files(before)
        path.unlink(missing_ok=True)

    def _remove_files(self, manifest: Manifest | None) -> None:
        for old in manifest.files if manifest else ():
            (self.path / old.name).unlink(missing_ok=True)

    def record_failure(self, key: str, files: RunFiles | int, problem: DefaultModeError) -> None:
        """Remember why a run failed; what an earlier state of its input gave is removed.

        Where the input is the same and only the settings were wrong, the earlier results stay.
        """
        before = self.manifest(key)
        if before is not None and _same_input(before, files):
            return
        self._remove_files(before)
        (self.manifests / f"{key}.json").unlink(missing_ok=True)
        self._unscore(key)
        entities = asdict(files.entities) if isinstance(files, RunFiles) else {}
        content = {"entities": entities, "code": problem.code, "reason": problem.detail}
        write_text(self.failures / f"{key}.json", json.dumps(content, indent=1) + "\n")

    def failed_runs(self) -> list[dict[str, str]]:
        """The runs that failed, as rows of the missing table."""
        rows = []
        for path in sorted(self.failures.glob("*.json")):
            raw = json.loads(path.read_text("utf-8"))
            entities = raw["entities"]
            session, run = entities.get("session"), entities.get("run")
            rows.append(
                {
                    "participant_id": f"sub-{entities.get('participant', '')}",
                    "session_id": f"ses-{session}" if session else "n/a",
                    "task_id": entities.get("task") or "n/a",
                    "run_id": run or "n/a",
                    "atlas": "n/a",
                    "what": "the whole run",
                    "denoise": "n/a",
                    "code": raw["code"],
                    "reason": raw["reason"],
                }
            )
        return rows

    def plan(self, keys: Sequence[str]) -> None:
        """Remember which runs are to be measured, with those of earlier calls."""
        known = set(keys) | set(self._planned())
        write_text(self.planned, json.dumps(sorted(known), indent=1) + "\n")

    def unfinished(self) -> list[str]:
        """A notice where runs were planned and neither finished nor failed."""
        ended = {p.stem for p in (*self.manifests.glob("*.json"), *self.failures.glob("*.json"))}
        open_ = [key for key in self._planned() if key not in ended]
        if not open_:
            return []
        return [f"E402: {len(open_)} planned runs are not measured yet; run `measure` again."]

    def _planned(self) -> list[str]:
        if not self.planned.is_file():
            return []
        keys: list[str] = json.loads(self.planned.read_text("utf-8"))
        return keys

    def finished(self) -> list[Manifest]:
        """The manifests of all finished runs, in order of their keys."""
        return _manifests(self.manifests)

    def scorings(self) -> list[Manifest]:
        """The manifests of all runs that were scored, in order of their keys."""
        return _manifests(self.scored)

    def measure_tables(self) -> list[str]:
        """Paths of the tables of measures of all finished runs, relative to the folder."""
        return [str(m.outcome["measures"]) for m in self.finished()]

    def log(self, event: str, subject: str, **more: object) -> None:
        """Append one event to logs/run.jsonl."""
        entry = {"time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "event": event, "subject": subject}
        path = self.path / "logs" / "run.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry | more, default=str) + "\n")

    def events(self, event: str) -> list[dict[str, str]]:
        """What logs/run.jsonl says of one kind of event, in the order in which it happened."""
        path = self.path / "logs" / "run.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        entries = [json.loads(line) for line in lines if line.strip()]
        return [entry for entry in entries if entry.get("event") == event]
