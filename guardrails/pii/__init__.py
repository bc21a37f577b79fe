"""The PII guardrail: finds personal data in requests and answers, and masks, refuses or reports it."""

from guardrails.pii.hook import PiiGuardrail

hook = PiiGuardrail()

__all__ = ["hook"]
