"""Prompts that are kept as files, served by name."""

from plugins.prompts.hook import PromptFileHook

hook = PromptFileHook()

__all__ = ["hook"]
