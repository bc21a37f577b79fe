"""The program that runs Deepchecks, in a Python environment of its own: files in, a report out.

It knows no database, no network and no key, and imports nothing of this repository but itself.
"""
