"""What a user may choose about denoising beside the preset."""

from dataclasses import dataclass

from defaultmode.core.errors import DefaultModeError


@dataclass(frozen=True, slots=True)
class Choices:
    """Band, order, limits and minima of denoising; checked when made.

    low_hz, high_hz : corners of the band-pass, None for none on that side
    order : of the Butterworth filter, which runs forwards and backwards
    min_usable_s : usable signal below which a resting estimate is Missing
    fd_threshold_mm, dvars_threshold, contiguous_frames : limits of censoring (framewise
        displacement, standardised DVARS, shortest stretch kept); None leaves the preset's own
    min_freedom : degrees of freedom that must be left (see `denoise`)
    Raises E411 when a value cannot be used.
    """

    low_hz: float | None = 0.01
    high_hz: float | None = 0.1
    order: int = 2
    min_usable_s: float = 240.0
    fd_threshold_mm: float | None = None
    dvars_threshold: float | None = None
    contiguous_frames: int | None = None
    min_freedom: float = 10.0

    def __post_init__(self) -> None:
        positive = {
            "low_hz": self.low_hz,
            "high_hz": self.high_hz,
            "order": self.order,
            "fd_threshold_mm": self.fd_threshold_mm,
            "dvars_threshold": self.dvars_threshold,
        }
        for name, value in positive.items():
            if value is not None and not value > 0:
                raise DefaultModeError("E411", f"{name} is {value}; expected a number above 0.")
        if self.low_hz is not None and self.high_hz is not None and self.low_hz >= self.high_hz:
            msg = f"low_hz {self.low_hz} is not below high_hz {self.high_hz}."
            raise DefaultModeError("E411", msg)
        if self.min_usable_s < 0 or (self.contiguous_frames or 0) < 0:
            raise DefaultModeError("E411", "min_usable_s and contiguous_frames cannot be negative.")
