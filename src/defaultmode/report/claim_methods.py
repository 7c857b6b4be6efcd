"""How the claims were tested, in words for the methods text, with references as [@Key]."""

from defaultmode.report.nouns import Verdicts
from defaultmode.report.verdicts import COMMON as COMMON_ROWS
from defaultmode.report.writing import counted

FIXED = (
    " with tests, directions, smallest effects of interest and priors fixed beforehand were held "
    "against the study in every denoising preset, without and with the covariates and the head "
    "motion that were recorded."
)
NEGLIGIBLE = (
    "An effect is called negligible where its 90 % interval lies inside the smallest effect of "
    "interest, which is two one-sided tests at 5 % [@Schuirmann1987; @Lakens2017]."
)
CORRECTED = (
    "p values were corrected over the claims of a preset at a false discovery rate of 5 % "
    "[@Benjamini1995]; the primary claim of a plan was not."
)
PERMUTED = (
    " permutations of people within their site, of residuals where there were covariates "
    "[@Winkler2014], gave permutation p values, the observed order counted among them "
    "[@Phipson2010]."
)
BAYES = (
    "Bayes factors compare a half-normal effect on the side of the claim (a normal one where it "
    "names no side), whose scale each claim states, with no effect [@Dienes2014]."
)
POOLED = (
    "Published estimates of the same quantity, the most precise of each cohort and only those read "
    "in their source, were pooled by random effects (restricted likelihood), with and without the "
    "study's own; intervals are by Hartung and Knapp [@Hartung2001], prediction intervals for the "
    "next cohort by Higgins and colleagues [@Higgins2009]."
)
COMMON = (
    "With two or three estimates the spread between cohorts cannot be told and that interval is "
    "very wide, so the inverse-variance mean is given beside it, which assumes that all estimate "
    "one effect [@Bender2018]."
)


def claims_text(verdicts: Verdicts | None) -> str:
    """What was done with the claims; empty where none was tested, silent on what did not run."""
    if verdicts is None or not verdicts.table["estimate"].notna().any():
        return ""
    said = [counted(len(verdicts.claims), "claim") + FIXED, NEGLIGIBLE, CORRECTED]
    if verdicts.table["p_permuted"].notna().any():
        said.append(f"{verdicts.permutations:,}{PERMUTED}")
    if verdicts.table["bayes_factor"].notna().any():
        said.append(BAYES)
    if verdicts.evidence["cohorts"].notna().any():
        said.append(POOLED)
    if verdicts.evidence["source"].isin(COMMON_ROWS).any():
        said.append(COMMON)
    return " ".join(said)
