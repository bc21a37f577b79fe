"""Requests to the gateway become cases of a prompt suite, redacted."""
