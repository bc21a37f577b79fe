"""Requests as spans: what a trace is made of, whoever it is sent to."""
