"""What unreliable measurement does to an effect, and back: classical test theory."""

from math import sqrt

from defaultmode.core.errors import DefaultModeError


def attenuated_correlation(r: float, icc: float, partner_icc: float = 1.0) -> float:
    """Correlation that is observed where the error-free one is r: r·√(ICC·ICC).

    icc, partner_icc : reliabilities of the two, above 0, at most 1; raises E432. Spearman (1904).
    """
    return r * sqrt(reliability_checked(icc) * reliability_checked(partner_icc))


def attenuated_difference(d: float, icc: float) -> float:
    """Group difference in observed SDs where it is d in error-free SDs: d·√ICC.

    icc : reliability of the measure, above 0, at most 1; raises E432. Measurement error adds to
    the standard deviation, not to the difference.
    """
    return d * sqrt(reliability_checked(icc))


def paired_difference(d: float, retest: float) -> float:
    """d_z of a change of d standard deviations of one session: d/√(2(1 − r)).

    retest : correlation of the two sessions, which is the reliability where everybody changes
    alike; raises E432 at 1, where every change would be seen. Lakens (2013).
    """
    if reliability_checked(retest) == 1:
        msg = "a reliability of 1 leaves no error: the paired effect would be infinite."
        raise DefaultModeError("E432", msg)
    return d / sqrt(2 * (1 - retest))


def detectable_change_sd(icc: float) -> float:
    """Minimal detectable change of one person in SDs of one session: 1.96·√2·√(1 − ICC).

    icc : above 0, at most 1; raises E432. Weir (2005).
    """
    return 1.96 * sqrt(2 * (1 - reliability_checked(icc)))


def reliability_checked(icc: float) -> float:
    """The same number, or E432 where no reliability is like it."""
    if not 0 < icc <= 1:
        msg = f"a reliability is {icc:g}; it must be above 0 and at most 1."
        raise DefaultModeError("E432", msg)
    return icc
