"""Content that should not be asked for or said: word lists, phrases, and an optional classifier."""
