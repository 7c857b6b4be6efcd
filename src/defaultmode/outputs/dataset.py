"""The files that make a folder a BIDS derivative."""

from collections.abc import Mapping, Sequence

from defaultmode import DISCLAIMER
from defaultmode.outputs.text import as_json

BIDS_VERSION = "1.10.0"
# What BIDS has no place for yet; schema/results.toml says what it is. A folder is named without a
# slash: the validator refuses "provenance/" as such otherwise.
IGNORED = (
    "*.html",
    "CITATION.*",
    "logs",
    "provenance",
    "states",
    "edges",
    "virtual-trial",  # of `demo`
    "study.*",
    "missing.tsv",
    "effects.tsv",
    "claims.*",
    "clinical_*.tsv",
    "carry_over.tsv",
    "reliability.tsv",
    "specifications.*",
    "evidence.*",
    "windows.*",
    "*_windows.*",
    "*_measures.*",
    "*_regions.*",
    "*_states.*",
    "*_timeseries.*",  # until atlas-based series are part of BIDS (BEP038, BEP012)
    "*_relmat.*",  # until BEP017 is
    "twins.*",
    "*_parameters.*",
    "*_losses.*",
    "*_profiles.*",
    "*_model.npz",
    "*_boldmap.*",  # with an atlas and a statistic in its name
)


def dataset_files(
    version: str, *, upstream: Sequence[Mapping[str, object]], links: Mapping[str, str]
) -> dict[str, str]:
    """dataset_description.json and .bidsignore, as path → text.

    upstream : the GeneratedBy entries of what was measured, kept behind our own;
    links : names of the data sets that were read → how to find them.
    """
    ours = {"Name": "defaultmode", "Version": version}
    description = {
        "Name": "defaultmode derivatives",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [ours, *(dict(u) for u in upstream)],
        "DatasetLinks": dict(links),
        "HowToAcknowledge": f"See CITATION.md. {DISCLAIMER}",
    }
    return {
        "dataset_description.json": as_json(description),
        ".bidsignore": "\n".join(IGNORED) + "\n",
    }
