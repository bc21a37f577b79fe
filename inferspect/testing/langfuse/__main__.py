"""`python -m inferspect.testing.langfuse`: the collector as a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from inferspect.testing.http_double import address_parser, run
from inferspect.testing.langfuse.collector import PUBLIC_KEY, SECRET_KEY, LangfuseCollector


def main() -> int:
    """Serve until SIGTERM or SIGINT; one JSON line with the URL is printed once connections are accepted."""
    parser = address_parser("inferspect.testing.langfuse", __doc__)
    parser.add_argument(
        "--key",
        action="append",
        metavar="PUBLIC=SECRET",
        help=f"keys of a project, {PUBLIC_KEY}={SECRET_KEY} unless told; may be repeated",
    )
    parser.add_argument("--folder", type=Path, help="where to keep what comes; in memory only unless told")
    options = parser.parse_args()
    if wrong := [pair for pair in options.key or () if "=" not in pair]:
        parser.error(f"--key takes PUBLIC=SECRET, not {wrong[0]!r}")
    pairs = dict(pair.partition("=")[::2] for pair in options.key or ())
    try:
        if options.folder is not None:
            options.folder.mkdir(parents=True, exist_ok=True)
        double = LangfuseCollector(keys=pairs, folder=options.folder, host=options.host, port=options.port)
    except OSError as error:
        parser.error(str(error))
    return run(double, parser)


if __name__ == "__main__":
    sys.exit(main())
