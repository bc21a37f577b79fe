"""One log for LiteLLM, uvicorn and InferSpect: a line an object, with the request's id and tenant, without secrets.

What others' code says while requests are served is told without its values: see :mod:`inferspect.logs.others`.
"""

from inferspect.logs.pipeline import configure_logs, requests_are_served
from inferspect.logs.printed import PrintedLines, take_over_output
from inferspect.logs.secrets import without_secrets

__all__ = ["PrintedLines", "configure_logs", "requests_are_served", "take_over_output", "without_secrets"]
