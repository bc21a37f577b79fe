"""Doing to a text what a policy says about what was found in it."""
