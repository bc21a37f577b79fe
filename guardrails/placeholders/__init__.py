"""Placeholders that stand for one value each and can be turned back, in this request or, from the vault, in a later."""
