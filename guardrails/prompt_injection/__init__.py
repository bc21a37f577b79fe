"""Texts that try to take over the model: heuristics with scores, and what they make together."""
