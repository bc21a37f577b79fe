"""Prompt suites: what they are, the gateway they run against, running Promptfoo, reading what it found."""
