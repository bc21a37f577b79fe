"""`python -m inferspect.testing.notifications`: the sink for HTTP as a process of its own."""

from __future__ import annotations

import sys

from inferspect.testing.http_double import address_parser, run
from inferspect.testing.notifications.sink import NotificationSink


def main() -> int:
    """Serve until SIGTERM or SIGINT; one JSON line with the URL is printed once connections are accepted."""
    parser = address_parser("inferspect.testing.notifications", __doc__)
    options = parser.parse_args()
    return run(NotificationSink(host=options.host, port=options.port), parser)


if __name__ == "__main__":
    sys.exit(main())
