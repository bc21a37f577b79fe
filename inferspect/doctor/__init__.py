"""``inferspect doctor``: what is wrong with this installation, and what to do about it."""

from inferspect.doctor.checks import CHECKS, examine
from inferspect.doctor.examination import Examination
from inferspect.doctor.result import Level, Result

__all__ = ["CHECKS", "Examination", "Level", "Result", "examine"]
