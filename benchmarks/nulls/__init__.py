"""Worlds whose truth is known, in which every procedure of the ledger is tried many times."""

from nulls.world import Found, Tally, World, tallied

__all__ = ["Found", "Tally", "World", "tallied"]
