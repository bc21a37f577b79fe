"""What the launcher says to the person who started it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console

from inferspect.launcher.gateway_program import gateway_log, local_url

if TYPE_CHECKING:
    from inferspect.launcher.serve import Launch

console = Console(file=sys.stdout, highlight=False, soft_wrap=True)

CURL = """curl {url}/v1/chat/completions \\
  -H "Authorization: Bearer {key}" -H "Content-Type: application/json" \\
  -d '{{"model": "demo", "messages": [{{"role": "user", "content": "Hello, my mail is jane@example.com"}}]}}'"""


def show_progress(step: str) -> None:
    console.print(f"[dim]… {step}[/dim]")


def show_ready(run: Launch, seconds: float) -> None:
    """The short screen: addresses, where the secrets are, a request to try."""
    url = local_url(run.launch)
    console.print(f"\n[bold green]InferSpect is serving[/bold green] on {url} [dim](after {seconds:.0f} s)[/dim]")
    console.print(f"  Admin UI     {url}/ui  (user: {run.launch.ui_username})")
    console.print(f"  Credentials  {run.home.credentials_file}  (master key, UI password)")
    if run.settings.log.destination == "file":
        console.print(f"  Log          {gateway_log(run.home)}")
    if run.settings.embedded.demo:
        console.print("\nTry it:\n")
        console.print(CURL.format(url=url, key=run.credentials.demo_key), markup=False)
    console.print("\n[dim]Ctrl-C stops everything.[/dim]")
