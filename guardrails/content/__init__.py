"""Where the texts of a request and of an answer stand, for every guardrail and on every endpoint.

The walk goes by structure and never by a model of the API: whatever is a string is a text, except for the few keys that
hold labels, identifiers or encoded media. A field that a provider invents tomorrow is therefore scanned, and a body of
the wrong shape neither crashes the walk nor hides a string from it.
"""

from guardrails.content.requests import request_fields, request_texts
from guardrails.content.responses import drop_token_probabilities, empty_response, response_texts
from guardrails.content.text import Source, Text
from guardrails.content.walk import Walk

__all__ = [
    "Source",
    "Text",
    "Walk",
    "drop_token_probabilities",
    "empty_response",
    "request_fields",
    "request_texts",
    "response_texts",
]
