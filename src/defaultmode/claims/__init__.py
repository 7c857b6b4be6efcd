"""Claims as data: what is said of the default mode network, and what would decide it."""

from defaultmode.claims.claim import Claim, Evidence, Test
from defaultmode.claims.registry import all_claims, find_claim, parse_claim
from defaultmode.claims.verdict import ALPHA, WORDS, Verdict, judge, of_claim, over_presets, sign

__all__ = [
    "ALPHA",
    "WORDS",
    "Claim",
    "Evidence",
    "Test",
    "Verdict",
    "all_claims",
    "find_claim",
    "judge",
    "of_claim",
    "over_presets",
    "parse_claim",
    "sign",
]
