"""An OpenAI- and Anthropic-compatible server that behaves as it is told, to stand in for providers.

`UpstreamSimulator` runs it inside a test, `python -m inferspect.testing.upstream` as a process of its own.
docs/upstream-simulator.md is its reference.
"""

from .behaviour import Behaviour, UnknownCommandError, parse_behaviour
from .embeddings import unit_vector
from .recording import Received
from .script import Rule, ScriptedAnswer, ScriptedError, ScriptedToolCall, ScriptError
from .simulator import UpstreamSimulator
from .tokens import ScriptedTokens

__all__ = [
    "Behaviour",
    "Received",
    "Rule",
    "ScriptError",
    "ScriptedAnswer",
    "ScriptedError",
    "ScriptedTokens",
    "ScriptedToolCall",
    "UnknownCommandError",
    "UpstreamSimulator",
    "parse_behaviour",
    "unit_vector",
]
