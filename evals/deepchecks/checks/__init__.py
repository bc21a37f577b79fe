"""Checks of responses, each a check of Deepchecks: a class with ``run_logic``, its figures as conditions."""
