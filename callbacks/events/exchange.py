"""What was asked and answered, and with which parameters, from LiteLLM's arguments and responses.

References only: they are written out, once, when the event is recorded; by then the guardrails have been over them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callbacks.events.usage import field

# Under which name each API has what is asked; the first that is there counts, the others are beside it.
ASKED = ("messages", "input", "prompt", "contents", "query", "documents", "system", "instructions", "tools")
ANSWERED = ("choices", "output", "content", "results", "candidates")
PARAMETERS = (
    "temperature", "top_p", "top_k", "n", "seed", "max_tokens", "max_completion_tokens", "max_output_tokens",
    "presence_penalty", "frequency_penalty", "reasoning_effort", "reasoning", "thinking", "response_format", "text",
    "tool_choice", "parallel_tool_calls", "service_tier", "verbosity", "dimensions", "encoding_format", "size",
    "quality", "voice", "top_n",
)  # fmt: skip
ONLY = frozenset({"messages", "input", "prompt", "contents"})
LONGEST_PARAMETER = 8192


def asked(request: Mapping[str, Any]) -> Any:
    """What was asked: the messages, input or prompt alone, or an object of these and what stands beside them."""
    found = {name: request[name] for name in ASKED if request.get(name) is not None}
    if len(found) == 1 and (only := next(iter(found))) in ONLY:
        return found[only]
    return found or None


def answered(response: Any) -> Any:
    """What was answered: choices, output items or content blocks. Of vectors and media, how many there are.

    Args:
        response: LiteLLM's response object, or the same as a mapping.
    """
    for name in ANSWERED:
        value = field(response, name)
        if isinstance(value, list | str) and value:
            return value
    data = field(response, "data")
    if isinstance(data, list) and data:
        vector = field(data[0], "embedding")
        if vector is not None:
            return {"embeddings": len(data), "dimensions": len(vector) if isinstance(vector, list) else None}
        return {"images": len(data), "revised_prompt": field(data[0], "revised_prompt")}
    text = field(response, "text")
    return text if isinstance(text, str) else None


def parameters(request: Mapping[str, Any]) -> dict[str, Any]:
    """The model's parameters, no content; names of tools in place of their definitions."""
    found = {name: value for name in PARAMETERS if (value := request.get(name)) is not None and _is_short(value)}
    tools = request.get("tools")
    if isinstance(tools, list) and tools:
        found["tools"] = [_tool_name(tool) for tool in tools[:64]]
    return found


def _is_short(value: Any) -> bool:
    if isinstance(value, bool | int | float):
        return not isinstance(value, int) or -(2**53) < value < 2**53
    return isinstance(value, str | dict | list) and len(repr(value)) <= LONGEST_PARAMETER


def _tool_name(tool: Any) -> str:
    name = field(field(tool, "function"), "name") or field(tool, "name") or field(tool, "type")
    return name[:64] if isinstance(name, str) else "tool"
