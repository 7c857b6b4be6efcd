"""How far the regions move in step, and how much that changes from moment to moment."""

from defaultmode.core.recording import Recording
from defaultmode.core.reference import Reference
from defaultmode.core.tested import Tested
from defaultmode.measures._phase_dynamics import phase_statistics
from defaultmode.measures._registry import SHAPE_ONLY, measure

SOURCES = ("Kuramoto1984", "Shanahan2010", "Prichard1994")
PREMISES = ("global signal kept", "stream")  # without it, R is that of random phases: √(π/4N)


@measure(unit="index", cites=SOURCES, unchanged_by=SHAPE_ONLY, premises=PREMISES)
def kuramoto_synchrony(recording: Recording, reference: Reference) -> Tested:
    """Mean phase synchrony of all regions, which follows the share of the global signal in them.

    Index from 0 to 1: the mean over time of the Kuramoto order parameter R = |mean of exp(iθ)| over
    the regions, θ the phase of the analytic signal (Kuramoto 1984). Censored frames and 10 s at
    either end of the run are left out. Phase means little in a signal that is not band-passed.
    """
    return phase_statistics(recording, reference)["synchrony"]


@measure(unit="index", cites=SOURCES, unchanged_by=SHAPE_ONLY, premises=PREMISES)
def kuramoto_metastability(recording: Recording, reference: Reference) -> Tested:
    """Standard deviation over time of the phase synchrony of all regions, global signal included.

    Index from 0 to ½ (Shanahan 2010, who takes the variance), of the order parameter and the frames
    of `kuramoto_synchrony`. Surrogates of the same connectivity have a metastability of their own:
    what they do not reach is dynamics.
    """
    return phase_statistics(recording, reference)["metastability"]
