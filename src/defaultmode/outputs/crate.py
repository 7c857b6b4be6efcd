"""The provenance record of a folder as an RO-Crate."""

from defaultmode.outputs.text import as_json

PROFILE = "https://w3id.org/ro/crate/1.1"


def crate_file(version: str, date: str) -> str:
    """ro-crate-metadata.json: what the folder is, what made it, when."""
    graph: list[dict[str, object]] = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "about": {"@id": "../"},
            "conformsTo": {"@id": PROFILE},
        },
        {
            "@id": "../",
            "@type": "Dataset",
            "name": "defaultmode derivatives",
            "datePublished": date,
            "hasPart": [{"@id": f"../{name}"} for name in ("study.tsv", "missing.tsv")],
            "mentions": {"@id": "#run"},
        },
        {"@id": "../study.tsv", "@type": "File", "encodingFormat": "text/tab-separated-values"},
        {"@id": "../missing.tsv", "@type": "File", "encodingFormat": "text/tab-separated-values"},
        {
            "@id": "#run",
            "@type": "CreateAction",
            "instrument": {"@id": "#defaultmode"},
            "result": {"@id": "../"},
            "endTime": date,
        },
        {
            "@id": "#defaultmode",
            "@type": "SoftwareApplication",
            "name": "defaultmode",
            "version": version,
        },
    ]
    return as_json({"@context": f"{PROFILE}/context", "@graph": graph})
