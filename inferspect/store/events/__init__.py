"""Events as they are kept: with contents, usage and what projections make of them; see docs/events.md."""
