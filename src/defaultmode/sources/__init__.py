"""Where data come from: atlases, volumes, tables, clinical tables and the embedded recordings."""
