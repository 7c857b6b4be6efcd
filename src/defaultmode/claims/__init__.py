"""Claims as data: what is said of the default mode network, and what would decide it."""

from defaultmode.claims.claim import Claim, Evidence, Test
from defaultmode.claims.registry import all_claims, find_claim, parse_claim

__all__ = ["Claim", "Evidence", "Test", "all_claims", "find_claim", "parse_claim"]
