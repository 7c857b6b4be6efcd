"""The claims themselves, one TOML file each."""
