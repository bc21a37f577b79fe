"""A clock that a test moves on."""

from dataclasses import dataclass


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds
