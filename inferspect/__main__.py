"""``python -m inferspect``: the command line without its script."""

from inferspect.cli import main

main()
