"""Made people with known parameters: recorded, fitted, ranked, and told of."""
