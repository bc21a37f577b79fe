"""Recognizers of personal data."""
