"""Sets up everything the gateway needs inside the checkout: ``python3 infra/setup [gateway|dev]``.

Uses the standard library only and stays importable by old Pythons, so that the reason why a machine is
not ready can be told instead of being a syntax error.
"""

import sys

OLDEST = (3, 11)
NEWEST = (3, 13)


def main():
    version = sys.version_info[:2]
    if not OLDEST <= version <= NEWEST:
        sys.exit(
            "setup: Python %d.%d is not supported. Install Python %d.%d to %d.%d, then run: make PYTHON=python%d.%d ..."
            % (version + OLDEST + NEWEST + NEWEST)
        )
    from steps import run_profile

    run_profile(sys.argv[1] if len(sys.argv) > 1 else "gateway")


main()
