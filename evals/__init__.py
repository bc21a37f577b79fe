"""Evaluation: prompt suites and their gate, production traces that become tests, reports over stored scores."""
