"""The event of every request: who called what, what answered, what it cost."""

from callbacks.events.hook import EventCallback

hook = EventCallback()

__all__ = ["hook"]
