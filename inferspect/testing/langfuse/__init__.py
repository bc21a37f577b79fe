"""A collector that takes what is sent to Langfuse as the real server would, and shows what became of it.

`LangfuseCollector` runs it inside a test, `LangfuseProcess` and `python -m inferspect.testing.langfuse` as a process of
its own that can be killed. docs/testing-doubles.md is its reference.
"""

from .collector import LangfuseCollector
from .process import LangfuseProcess
from .project import Prompt
from .records import Observation, Score, Trace

__all__ = ["LangfuseCollector", "LangfuseProcess", "Observation", "Prompt", "Score", "Trace"]
