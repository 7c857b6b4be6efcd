"""A whole-brain model, its drugs, conditions and protocols: virtual recordings."""
