"""A value that is not there, and why."""

from dataclasses import dataclass

from defaultmode.core.notebook import Shown


@dataclass(frozen=True, slots=True)
class Missing(Shown):
    """What stands in place of a number that cannot be had; `code` is one of the error table."""

    reason: str
    code: str = ""

    def __post_init__(self) -> None:
        if not self.reason.strip():
            msg = "a Missing value needs its reason"
            raise ValueError(msg)

    def about(self) -> dict[str, object]:
        """What a notebook shows of it."""
        return {"reason": self.reason, "code": self.code}
