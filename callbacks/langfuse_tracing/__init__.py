"""Langfuse: a trace of every request."""
