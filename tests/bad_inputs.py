"""Every kind of bad input that the tests give to the command line, one line each.

A kind's name, the error that it must give, and how a whole data set is spoilt; then, where they are
needed, more words of the command and an exit code other than 3.
"""

import gzip
import re

import numpy as np

import made_datasets as made
from spoiling import (
    CONFOUNDS,
    FAR,
    IMAGE,
    MASK,
    NAN,
    PARCELS,
    SERIES,
    STEM,
    T1W,
    both,
    column,
    compressed,
    content,
    copied,
    edited,
    filled,
    flipped,
    gone,
    header,
    inflated,
    last_line_lost,
    linked,
    moved,
    of,
    raw_sidecar,
    renamed,
    sidecar,
    text,
    transposed,
    voxels,
    with_column,
)
from volume_images import nifti, packed, patched

VOLUMES = of("image", "measure {here} {out} --atlas seeds --measures within_default_mode --nprocs 1", {
    "empty file": ("E101", text(IMAGE, b"")),
    "content of a link not fetched": ("E101", linked(IMAGE)),
    "compressed stream cut in half": ("E102", content(IMAGE, lambda raw: raw[: len(raw) // 2])),
    "checksum cut off": ("E102", content(IMAGE, lambda raw: raw[:-8])),
    "bit flipped": ("E103", content(IMAGE, flipped(0.5))),
    "checksum wrong": ("E103", content(IMAGE, flipped(-6))),
    "not compressed under .nii.gz": ("E103", content(IMAGE, gzip.decompress)),
    "web page saved as an image": ("E103", text(IMAGE, b"<html>404</html>" * 100)),
    "bytes after the stream": ("E103", content(IMAGE, lambda raw: raw + b"trailing bytes " * 9)),
    "two files joined": ("E104", content(IMAGE, lambda raw: raw + raw)),
    "decompression bomb": ("E104", inflated(lambda raw: raw + bytes(64 << 20))),
    "web page, compressed": ("E105", text(IMAGE, packed(b"<html>404</html>" * 100))),
    "magic of a header-image pair": ("E105", header(344, "4s", b"ni1\0")),
    "half the volumes": ("E106", inflated(lambda raw: raw[: len(raw) // 2])),
    "header claims 30000 volumes": ("E106", both(header(48, "h", 30000), gone(CONFOUNDS))),
    "negative dimension": ("E106", header(48, "h", -5)),
    "data begin at 1e9": ("E106", header(108, "f", 1e9)),
    "unknown data type": ("E107", header(70, "h", 9999)),
    "colours": ("E107", header(70, "hh", 128, 24)),
    "complex numbers": ("E107", voxels(lambda data: data.astype(np.complex64))),
    "slope not a number": ("E108", header(112, "f", NAN)),
    "slope negative": ("E108", header(112, "f", -1.0)),
    "intercept infinite": ("E108", header(116, "f", float("inf"))),
    "affine not a number": ("E109", header(280, "4f", NAN, NAN, NAN, NAN)),
    "origin ten kilometres away": ("E109", header(292, "f", 1e7)),
    "no orientation": ("E110", header(252, "hh", 0, 0)),
    "qform 40 mm from sform": ("E111", header(268, "f", -48.0)),
    "left and right swapped in the sform": ("E111", header(280, "4f", -8, 0, 0, 88)),
    "voxel sizes contradict the affine": ("E112", inflated(lambda raw: patched(patched(raw, 252, "h", 0), 80, "f", 4.0))),
    "one volume only": ("E113", voxels(lambda data: data[..., 0])),
    "five dimensions": ("E113", voxels(lambda data: data[..., None])),
    "mask on another grid": ("E114", moved(np.array([[0, 0, 0, 8.0]] * 3 + [[0] * 4]), MASK)),
    "mask flipped": ("E115", lambda here: made.volumes(here, flip_mask=True)),
    "mask cut": ("E102", content(MASK, lambda raw: raw[:-9])),
    "image 400 mm away": ("E116", both(moved(FAR), gone(MASK))),
    "native space": ("E116", both(renamed(IMAGE, T1W), renamed(IMAGE.replace(".nii.gz", ".json"), T1W.replace(".nii.gz", ".json")))),
    "region not a number": ("E117", voxels(filled(NAN, 0)), 4),
    "region constant": ("E118", voxels(filled(777, 0)), 4),
    "every voxel zero": ("E302", voxels(filled(0))),
    "some volumes empty": ("E122", voxels(lambda data: np.where(np.arange(made.N_TIME) < 5, 0, data).astype(np.int16))),
    "header says 2000 s": ("E202", header(92, "f", 2000.0)),
    "header says 0 s": ("E202", header(92, "f", 0.0)),
    "two resolutions": ("E207", copied(IMAGE, IMAGE.replace("_desc", "_res-2_desc"))),
    "in another participant's folder": ("E209", renamed(IMAGE, IMAGE.replace("sub-01", "sub-02", 1))),
    "atlas that is not there": ("E410", lambda _: None, "--atlas nowhere", 2),
    "participant that is not there": ("E403", lambda _: None, "--participant-label 99"),
    "memory that does not suffice": ("E605", lambda _: None, "--mem-mb 10", 5),
})  # fmt: skip

NO_NETWORK = "name\tx\ty\tz\nPCC\t0\t-52\t26\nmPFC\t0\t52\t-6\n"
ROLES = "name\tnetwork\trole\tx\ty\tz\nPCC\tA\tboss\t0\t-52\t26\nmPFC\tA\tdefault\t0\t52\t-6\n"
TWICE = "name\tnetwork\tx\ty\tz\nPCC\tDefault\t0\t-52\t26\nPCC\tDefault\t0\t52\t-6\n"
ATLASES = of("atlas", "measure {here} {out} --nprocs 1 --atlas {here}/own.tsv", {
    "file not there": ("E101", lambda _: None),
    "no network column": ("E140", text("own.tsv", NO_NETWORK)),
    "unknown role": ("E140", text("own.tsv", ROLES)),
    "region twice": ("E140", text("own.tsv", TWICE)),
    "no places": ("E140", text("own.tsv", "name\tnetwork\nPCC\tDefault\nmPFC\tDefault\n")),
    "ragged": ("E130", text("own.tsv", "name\tnetwork\nPCC\n")),
    "column twice": ("E132", text("own.tsv", "name\tname\tnetwork\nPCC\tPCC\tDefault\n")),
})  # fmt: skip

CONFOUND_TABLES = of("confounds", "measure {here} {out} --atlas seeds --measures within_default_mode --nprocs 1", {
    "row missing": ("E204", content(CONFOUNDS, last_line_lost)),
    "row too many": ("E204", content(CONFOUNDS, lambda raw: raw + raw.splitlines(keepends=True)[-1])),
    "empty": ("E101", text(CONFOUNDS, "")),
    "only a header": ("E135", content(CONFOUNDS, lambda raw: raw.splitlines(keepends=True)[0])),
    "decimal comma": ("E134", edited(CONFOUNDS, "\n0.0", "\n0,0")),
    "infinite": ("E134", content(CONFOUNDS, lambda raw: re.sub(rb"\t0\.0\d+", b"\tinf", raw, count=1))),
    "cell without a tab": ("E130", edited(CONFOUNDS, "\t0.0", " 0.0")),
    "column twice": ("E132", edited(CONFOUNDS, "trans_y\t", "trans_x\t")),
    "NUL byte": ("E130", edited(CONFOUNDS, "0.0", "0\0.0")),
    "Latin-1": ("E130", content(CONFOUNDS, lambda raw: raw.replace(b"trans_x", b"tr\xe4ns", 1))),
    "quote never closed": ("E130", edited(CONFOUNDS, "trans_x", '"trans_x')),
    "columns of a preset missing": ("E205", content(CONFOUNDS, lambda raw: raw.replace(b"white_matter", b"matter")), "--denoise 36P+scrub"),
    "sidecar broken": ("E206", text(CONFOUNDS.replace(".tsv", ".json"), "{")),
    "two tables": ("E207", copied(CONFOUNDS, CONFOUNDS + ".gz")),
})  # fmt: skip

TABLES = of("series", "measure {here} {out} --measures within_default_mode --nprocs 1 --participant-label 01", {
    "transposed": ("E133", content(SERIES, transposed)),
    "region lost, atlas named": ("E131", edited(SERIES, "L_Precentral", "other"), "--atlas aal90"),
    "regions of no known atlas": ("E133", edited(SERIES, "L_Precentral", "other")),
    "text in a cell": ("E134", edited(SERIES, "\t1", "\tone")),
    "underscore in a number": ("E134", edited(SERIES, "\t1", "\t1_")),
    "ragged": ("E130", edited(SERIES, "\n1", "\n1\t1")),
    "column without a name": ("E130", edited(SERIES, "L_Precentral", "")),
    "column twice": ("E132", edited(SERIES, "R_Precentral", "L_Precentral")),
    "only a header": ("E135", content(SERIES, lambda raw: raw.splitlines(keepends=True)[0])),
    "nothing but blanks": ("E135", text(SERIES, " \n\n")),
    "UTF-16": ("E130", content(SERIES, lambda raw: raw.decode().encode("utf-16"))),
    "compressed and cut": ("E102", compressed(SERIES, lambda raw: raw[:-9])),
    "compressed, one bit flipped": ("E103", compressed(SERIES, flipped(0.5))),
    "region not a number twice": ("E117", column(with_column(10, np.r_[NAN, NAN, np.random.default_rng(0).random(made.N_TIME - 2)])), 4),
    "region constant": ("E118", column(with_column(10, 7.0)), 4),
    "default-mode regions gone": ("E302", column(lambda signal: np.full_like(signal, 7.0))),
    "two regions of one signal": ("E305", column(lambda signal: with_column(11, signal[:, 10])(signal)), 0),
    "volumes empty": ("E122", column(lambda signal: np.where(np.arange(len(signal))[:, None] < 5, 0, signal))),
    "too short": ("E301", column(lambda signal: signal[:60]), 4),
    "preset for volumes": ("E205", lambda _: None, "--denoise 36P+scrub"),
    "unknown preset": ("E410", lambda _: None, "--denoise nothing", 2),
    "unknown measure": ("E410", lambda _: None, "--measures nothing", 2),
    "band upside down": ("E411", lambda _: None, "--lower-bpf 0.2", 2),
    "threshold below zero": ("E411", lambda _: None, "--fd-thresh -1", 2),
    "filter file gone": ("E101", lambda _: None, "--bids-filter-file {here}/none.json"),
    "filter file broken": ("E411", text("f.json", "{"), "--bids-filter-file {here}/f.json", 2),
    "states of no study": ("E101", lambda _: None, "--states {here}"),
    "connectome of other regions": ("E133", text("w.tsv", "Node\ta\tb\na\t0\t1\nb\t1\t0\n"), "--connectome {here}/w.tsv"),
    "one state": ("E411", lambda _: None, "--n-states 1", 2),
    "parcel series that is no image": ("E119", both(gone(SERIES), text(PARCELS, b"no image"))),
    "parcel series of another kind": ("E119", both(gone(SERIES), text(PARCELS, nifti(np.zeros((2, 2, 2, 9), np.float32))))),
    "filter that fits nothing": ("E403", text("f.json", '{"bold": {"session": "9"}}'), "--bids-filter-file {here}/f.json"),
})  # fmt: skip

SIDECARS = of("sidecar", "measure {here} {out} --measures within_default_mode --nprocs 1 --participant-label 01", {
    "no repetition time": ("E201", sidecar()),
    "sampling frequency in TR": ("E201", sidecar(SamplingFrequency="TR")),
    "repetition time in ms": ("E203", sidecar(RepetitionTime=2000)),
    "repetition time zero": ("E203", sidecar(RepetitionTime=0)),
    "repetition time as text": ("E208", sidecar(RepetitionTime="2.0")),
    "repetition time against frequency": ("E208", sidecar(RepetitionTime=2.0, SamplingFrequency=0.4)),
    "frequency below zero": ("E203", sidecar(SamplingFrequency=-0.5)),
    "band upside down": ("E208", sidecar(RepetitionTime=2.0, LowCutoff=0.1, HighCutoff=0.01)),
    "two statements of the band": ("E208", sidecar(RepetitionTime=2.0, LowCutoff=0.02, SoftwareFilters={"Bandpass filter": {"High-pass cutoff (Hz)": 0.01}})),
    "yes where true is meant": ("E208", sidecar(RepetitionTime=2.0, Demeaned="yes")),
    "cut": ("E206", raw_sidecar('{"RepetitionTime": 2')),
    "list": ("E206", raw_sidecar("[2.0]")),
    "key twice": ("E206", raw_sidecar('{"RepetitionTime": 2.0, "RepetitionTime": 2.5}')),
    "NaN": ("E206", raw_sidecar('{"RepetitionTime": NaN}')),
    "Latin-1": ("E206", raw_sidecar(b'{"RepetitionTime": 2.0, "Name": "\xe4"}')),
    "data set description broken": ("E206", text("dataset_description.json", "{")),
})  # fmt: skip

EVENTS = f"{STEM}_events.tsv"
TASKS = of("events", "measure {here} {out} --measures within_default_mode --nprocs 1 --participant-label 01", {
    "no onset": ("E210", text(EVENTS, "start\tduration\n1\t2\n")),
    "no duration": ("E210", text(EVENTS, "onset\n1\n")),
    "onset not known": ("E210", text(EVENTS, "onset\tduration\nn/a\t2\n")),
    "duration below zero": ("E210", text(EVENTS, "onset\tduration\n1\t-2\n")),
    "text for a number": ("E134", text(EVENTS, "onset\tduration\n1 s\t2\n")),
    "milliseconds": ("E211", text(EVENTS, "onset\tduration\n20000\t2000\n40000\t2000\n")),
    "ragged": ("E130", text(EVENTS, "onset\tduration\n1\n")),
})  # fmt: skip

PEOPLE = "participant_id\tgroup\n"
CLINICAL = of("clinical", "measure {here} {out} --measures within_default_mode --nprocs 1", {
    "participant twice": ("E404", text("participants.tsv", PEOPLE + "sub-01\ta\nsub-01\tb\n"), 3),
    "nobody named": ("E405", text("participants.tsv", "person\tgroup\nsub-01\ta\n")),
    "ragged": ("E130", text("participants.tsv", PEOPLE + "sub-01\n")),
    "column twice": ("E132", text("participants.tsv", "participant_id\tgroup\tgroup\nsub-01\ta\tb\n")),
    "only a header": ("E135", text("participants.tsv", PEOPLE)),
    "data dictionary broken": ("E206", text("participants.json", "{")),
    "group called NA": ("E406", text("participants.tsv", PEOPLE + "sub-01\tNA\nsub-02\tb\n"), 4),
    "labels without prefix": ("E407", text("participants.tsv", PEOPLE + "01\ta\n02\tb\n"), 4),
    "recording not listed": ("E401", text("participants.tsv", PEOPLE + "sub-01\ta\n"), 4),
    "listed without a recording": ("E402", text("participants.tsv", PEOPLE + "sub-01\ta\nsub-02\tb\nsub-09\tb\n"), 4),
    "decimal comma": ("E134", text("participants.tsv", "participant_id\tage\nsub-01\t30,5\nsub-02\t31\nsub-03\t32\n"), 4),
    "table not there": ("E101", lambda _: None, "--table {here}/none.tsv"),
    "score above its scale": ("E416", text("participants.tsv", "participant_id\tMADRS\nsub-01\t61\nsub-02\t20\n")),
    "score below its scale": ("E416", text("participants.tsv", "participant_id\tRRS_brooding\nsub-01\t4\nsub-02\t20\n")),
    "code for missing as a score": ("E416", text("participants.tsv", "participant_id\tHAMD_17_total\nsub-01\t999\nsub-02\t20\n")),
    "scores standardized": ("E416", text("participants.tsv", "participant_id\tBDI-II\nsub-01\t-0.7\nsub-02\t0.7\n")),
})  # fmt: skip

PLANS = of("plan", "study {out} --table {here}/participants.tsv --plan {here}/plan.toml", {
    "not there": ("E101", lambda _: None),
    "not TOML": ("E435", text("plan.toml", "seed = ")),
    "unknown key": ("E435", text("plan.toml", "sead = 1")),
    "wrong type": ("E411", text("plan.toml", 'seed = "one"'), 2),
    "not UTF-8": ("E435", text("plan.toml", b'out = "\xe4"')),
    "wrong kind of value in the plan": ("E435", text("plan.toml", 'claims = "C9"')),
    "column that is not there": ("E436", text("plan.toml", 'covariates = ["height"]')),
    "session that is not there": ("E436", text("plan.toml", "[visits.ses-99]\nphase = 'acute'")),
    "preset that was not measured": ("E436", text("plan.toml", 'presets = ["aroma"]')),
    "group that is not there": ("E436", text("plan.toml", 'group = "diagnosis"')),
    "claim that is not there": ("E436", text("plan.toml", 'claims = ["C99"]')),
    "primary claim that is not there": ("E436", text("plan.toml", 'primary = "hypothesis"')),
    "reference level that is not there": ("E410", text("plan.toml", '[reference]\ngroup = "nobody"'), 2),
})  # fmt: skip

DOSE = '[[dose]]\ndrug = "ketamine"\nat = "0 min"\n'
SCAN = '[[scan]]\nsession = "a"\nat = "0 min"\nduration = "70 s"\n'
PROTOCOLS = of("protocol", "simulate {here}/p.toml {out} --dry-run", {
    "not there": ("E101", lambda _: None),
    "not TOML": ("E510", text("p.toml", "name = ")),
    "unknown key": ("E510", text("p.toml", 'name = "x"\npeeple = 3\n' + SCAN)),
    "time without a unit": ("E510", text("p.toml", 'name = "x"\n' + SCAN.replace('"70 s"', "70"))),
    "session label with a blank": ("E510", text("p.toml", 'name = "x"\n' + SCAN.replace('"a"', '"a b"'))),
    "dose without a unit": ("E507", text("p.toml", f'name = "x"\n{SCAN}{DOSE}dose = "0.5"\n')),
    "dose never studied": ("E508", text("p.toml", f'name = "x"\n{SCAN}{DOSE}dose = "50 mg/kg"\n')),
    "two scans at once": ("E509", text("p.toml", 'name = "x"\n' + SCAN + SCAN.replace('"a"', '"b"'))),
    "unknown drug": ("E511", text("p.toml", f'name = "x"\n{SCAN}[[dose]]\ndrug = "tea"\ndose = "1 mg"\nat = "0 min"\n')),
    "unknown condition": ("E511", text("p.toml", 'name = "x"\ncondition = "blue"\n' + SCAN)),
    "people below zero": ("E510", text("p.toml", 'name = "x"\n[people]\ncount = -1\n' + SCAN)),
    "trial read as a protocol": ("E510", text("p.toml", 'name = "x"\ndesign = "parallel"\n')),
})  # fmt: skip


def square(weights: np.ndarray, names: str = "abc") -> str:
    """A connectome as a table."""
    rows = [
        f"{name}\t" + "\t".join(f"{w:g}" for w in row)
        for name, row in zip(names, weights, strict=True)
    ]
    return "\n".join(["\t".join(["Node", *names]), *rows]) + "\n"


RING = np.ones((3, 3)) - np.eye(3)
LONELY = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])
REST = text("p.toml", f'name = "x"\n{SCAN}')
CONNECTOMES = of("connectome", "simulate {here}/p.toml {out} --dry-run --connectome {here}/w.tsv", {
    "not there": ("E101", REST),
    "self-connections": ("E501", both(REST, text("w.tsv", square(RING + np.eye(3))))),
    "row missing": ("E501", both(REST, text("w.tsv", square(RING).rpartition("c\t")[0]))),
    "negative": ("E502", both(REST, text("w.tsv", square(-RING)))),
    "isolated region": ("E503", both(REST, text("w.tsv", square(LONELY)))),
    "text in a cell": ("E134", both(REST, text("w.tsv", square(RING).replace("\t1", "\tone", 1)))),
    "ragged": ("E130", both(REST, text("w.tsv", square(RING).replace("\t1", "", 1)))),
    "region twice": ("E132", both(REST, text("w.tsv", square(RING, "aac")))),
})  # fmt: skip

FOLDERS = of("folder", "measure {here} {out} --nprocs 1 --measures within_default_mode", {
    "empty": ("E403", lambda here: [p.unlink() for p in here.rglob("sub-*.*")]),
    "OUT holds something else": ("E603", lambda here: made.write(here.parent / "out" / "thesis.txt", "mine"), 5),
    "OUT is a file": ("E603", lambda here: made.write(here.parent / "out", "mine"), 5),
    "OUT is the input": ("E411", lambda here: (here.parent / "out").symlink_to(here), 2),
})  # fmt: skip

KINDS = [
    *VOLUMES, *ATLASES, *CONFOUND_TABLES, *TABLES, *SIDECARS, *TASKS, *CLINICAL, *PLANS, *PROTOCOLS,
    *CONNECTOMES, *FOLDERS,
]  # fmt: skip
