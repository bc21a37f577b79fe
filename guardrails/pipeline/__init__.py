"""All guardrails as one hook: each text is looked through once, and one verdict is left by each of them."""

from guardrails.pipeline.hook import GuardrailPipeline

hook = GuardrailPipeline()

__all__ = ["hook"]
