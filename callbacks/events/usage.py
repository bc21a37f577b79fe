"""Tokens by kind, from the usage of whichever API answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

LARGEST_COUNT = 2**31

# Where each kind stands: OpenAI's chat, its Responses API, Anthropic's messages.
KINDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "cached": (
        ("prompt_tokens_details", "cached_tokens"),
        ("input_tokens_details", "cached_tokens"),
        ("cache_read_input_tokens",),
    ),
    "cache_creation": (
        ("prompt_tokens_details", "cache_creation_tokens"),
        ("prompt_tokens_details", "cache_write_tokens"),
        ("input_tokens_details", "cache_write_tokens"),
        ("cache_creation_input_tokens",),
    ),
    "reasoning": (
        ("completion_tokens_details", "reasoning_tokens"),
        ("output_tokens_details", "reasoning_tokens"),
        ("output_tokens_details", "thinking_tokens"),
    ),
    "audio_input": (("prompt_tokens_details", "audio_tokens"),),
    "audio_output": (("completion_tokens_details", "audio_tokens"),),
}


def usage_by_kind(usage: Any) -> dict[str, int]:
    """Tokens of each kind of which there are any.

    Args:
        usage: LiteLLM's usage object or the provider's, as an object or a mapping.
    """
    found: dict[str, int] = {}
    for kind, places in KINDS.items():
        for place in places:
            value = usage
            for name in place:
                value = field(value, name)
            if is_count(value) and value > 0:
                found[kind] = value
                break
    return found


def prompt_tokens(usage: Any) -> int | None:
    """All tokens of the prompt; of Anthropic's usage, which tells those of its cache beside the others, the sum."""
    if is_count(tokens := field(usage, "prompt_tokens")):
        return tokens
    if not is_count(tokens := field(usage, "input_tokens")):
        return None
    beside = (field(usage, name) for name in ("cache_read_input_tokens", "cache_creation_input_tokens"))
    return min(tokens + sum(filter(is_count, beside)), LARGEST_COUNT - 1)


def completion_tokens(usage: Any) -> int | None:
    """All tokens of the answer."""
    told = (field(usage, name) for name in ("completion_tokens", "output_tokens"))
    return next(filter(is_count, told), None)


def field(holder: Any, name: str) -> Any:
    """A member of a mapping or an attribute of an object, ``None`` where it has none."""
    return holder.get(name) if isinstance(holder, Mapping) else getattr(holder, name, None)


def is_count(value: Any) -> TypeGuard[int]:
    """Whether it is a number of tokens that the store can hold."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST_COUNT
