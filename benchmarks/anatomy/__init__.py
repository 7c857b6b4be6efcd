"""Parts of `twin_anatomy.py`: how much of a twin is anatomy, and where its brain is held."""
