"""One log for LiteLLM, uvicorn and InferSpect: a line an object, with the request's id and tenant, without secrets.

What others' code says while requests are served is told without its values: see :mod:`inferspect.logs.others`.
"""

from inferspect.logs.pipeline import configure_logs, withhold_values
from inferspect.logs.printed import PrintedLines, take_over_output
from inferspect.logs.secrets import without_secrets

__all__ = ["PrintedLines", "configure_logs", "take_over_output", "withhold_values", "without_secrets"]
