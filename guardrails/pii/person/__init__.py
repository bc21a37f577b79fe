"""The opt-in recognizer of people's names."""

from guardrails.pii.person.recognizer import PersonRecognizer

PERSON = PersonRecognizer()

__all__ = ["PERSON"]
