"""Why guardrails refuse: one code for each."""

from __future__ import annotations

from collections.abc import Collection

from inferspect.refusal import Refusal
from inferspect.tenancy.entities import Guardrail


def blocked(guardrail: Guardrail, what: str, entities: Collection[str]) -> Refusal:
    """The refusal of a guardrail that found what it blocks.

    Args:
        what: the request or answer.
        entities: what was found; the message names them and never a value.
    """
    kinds = ", ".join(sorted(entities))
    match guardrail:
        case "pii":
            message = f"The {what} holds personal data that this tenant does not allow: {kinds}."
            return Refusal(400, "pii_blocked", message)
        case "secrets":
            message = f"The {what} holds secrets that this tenant does not allow: {kinds}."
            return Refusal(400, "secret_blocked", message)
        case "content_safety":
            message = f"The {what} holds content that this tenant does not allow: {kinds}."
            return Refusal(400, "content_blocked", message)
        case "prompt_injection":
            message = f"The {what} holds instructions that look like an attack on the model: {kinds}."
            return Refusal(400, "prompt_injection_blocked", message)
