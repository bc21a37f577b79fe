"""The simulator in a thread of its own, for tests; `python -m` starts it as a process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .application import Application
from .script import Rule, Script
from .server_thread import ServerThread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .recording import Received


class UpstreamSimulator(ServerThread):
    """An OpenAI- and Anthropic-compatible server in a thread of its own, for tests.

        with UpstreamSimulator() as upstream:
            client = OpenAI(base_url=f"{upstream.url}/v1", api_key="any")

    It listens on a free port of the loopback interface; OpenAI's clients want `/v1` after its `url`. `behaviours` are
    commands by model name or `*`, `script` is a list of rules; both are described in docs/upstream-simulator.md.
    """

    def __init__(
        self,
        *,
        script: Iterable[Rule | dict[str, Any]] = (),
        behaviours: Mapping[str, str] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Check the settings; nothing listens before the `with` block or `start`.

        Raises:
            ScriptError: A rule is not valid.
            UnknownCommandError: A behaviour is not in the grammar.
        """
        self._application = Application(Script.of(script), behaviours)
        super().__init__(self._application, host, port)

    @property
    def received(self) -> list[Received]:
        """What it received, oldest first: the newest 1,000 requests and 64 MiB of bodies at most."""
        return self._application.recording.newest()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._application.connections)

    def clear(self) -> None:
        """Forget what it received."""
        self._application.recording.clear()

    @property
    def script(self) -> tuple[Rule, ...]:
        """The rules of scripted answers; set a list of rules, or of objects as in a script file, to replace them."""
        return self._application.script.rules

    @script.setter
    def script(self, rules: Iterable[Rule | dict[str, Any]]) -> None:
        self._application.script = Script.of(rules)

    @property
    def behaviours(self) -> dict[str, str]:
        """The behaviours set for models."""
        return dict(self._application.behaviours)

    def set_behaviours(self, behaviours: Mapping[str, str | None]) -> None:
        """Override what models do, by model name or `*`; None ends an override.

        Raises:
            UnknownCommandError: A behaviour is not in the grammar.
        """
        self._application.set_behaviours(behaviours)

    def reset(self) -> None:
        """Forget what it received, the script and all behaviours."""
        self._application.reset()
