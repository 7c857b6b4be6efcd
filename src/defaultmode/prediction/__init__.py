"""How well a cohort's response is predicted, and by what."""
