"""The registries, as tables to print."""

from defaultmode.denoising import all_presets
from defaultmode.measures import all_measures
from defaultmode.sources.atlases import atlas_names, load_atlas

Rows = list[dict[str, object]]


def list_measures() -> Rows:
    """Every measure: name, unit, what it gives and takes for granted, sentence, sources."""
    return [
        {
            "name": m.name,
            "unit": m.unit,
            "gives": {"number": "", "regions": "one per region", "pairs": "one per pair"}[m.kind],
            "needs": ", ".join(m.premises),
            "sentence": m.sentence,
            "sources": ", ".join(m.cites),
        }
        for m in all_measures().values()
    ]


def list_atlases() -> Rows:
    """Every atlas: name, number of regions by role, sentence, licence."""
    rows: Rows = []
    for name in atlas_names():
        atlas = load_atlas(name)
        rows.append(
            {
                "name": name,
                "regions": len(atlas),
                "default": len(atlas.members("default")),
                "task-positive": len(atlas.members("task-positive")),
                "salience": len(atlas.members("salience")),
                "unverified": sum(not r.verified for r in atlas.regions),
                "sentence": atlas.sentence,
                "licence": atlas.licence,
            }
        )
    return rows


def list_regions(name: str) -> Rows:
    """Every region of one atlas, a registry name or a file."""
    return [
        {
            "name": r.name,
            "network": r.network,
            "role": r.role,
            "subsystem": r.subsystem,
            "place": r.place,
            "x_mm": r.xyz_mm[0] if r.xyz_mm else None,
            "y_mm": r.xyz_mm[1] if r.xyz_mm else None,
            "z_mm": r.xyz_mm[2] if r.xyz_mm else None,
            "verified": r.verified,
        }
        for r in load_atlas(name).regions
    ]


def list_presets() -> Rows:
    """Every denoising preset: name, sentence, sources."""
    return [
        {"name": p.name, "sentence": p.sentence, "sources": ", ".join(p.all_cites)}
        for p in all_presets().values()
    ]
