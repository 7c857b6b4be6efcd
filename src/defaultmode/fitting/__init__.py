"""Fits a model that is handed in as functions: target, search, uncertainty, recovery."""
