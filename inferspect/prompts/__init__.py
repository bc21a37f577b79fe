"""Prompts as versioned files: read, checked, rendered. The format is defined in ``docs/prompts.md``."""
