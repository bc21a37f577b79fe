"""``inferspect alerts``: what fires, the rules and their figures, silences, trials of channels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from inferspect.settings import LaunchSettings

if TYPE_CHECKING:
    from inferspect.asking import RunningGateway

# Imports stand inside of functions: every command of `inferspect` loads this module.

app = typer.Typer(no_args_is_help=True, help="Alerts of the running gateway: rules, silences, trials of channels.")

Tenant = Annotated[str | None, typer.Option(metavar="ID", help="Id of a tenant; all where it is left out.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
State = Literal["open", "pending", "firing", "resolved", "all"]


@app.command("list")
def list_alerts(
    *,
    state: Annotated[State, typer.Option(help="`open` is pending or firing.")] = "open",
    rule: Annotated[str | None, typer.Option(help="Of one rule only.")] = None,
    tenant: Tenant = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    as_json: AsJson = False,
) -> None:
    """Show what fires, what may fire soon, and what has fired."""
    with _asked() as gateway:
        found = gateway.get("/api/v1/alerts", state=state, rule=rule, tenant_id=tenant, limit=limit)["alerts"]
    columns = ("state", "severity", "rule", "tenant_alias", "started_at", "summary")
    _show(found, columns, as_json, none="No alerts.")


@app.command()
def rules(*, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Show the rules of the configuration and those made by API."""
    with _asked() as gateway:
        found = gateway.get("/api/v1/alert-rules", tenant_id=tenant)["rules"]
    for rule in found if not as_json else ():
        rule["condition"] = (rule.get("condition") or {}).get("type")
        rule["channels"] = ", ".join(rule.get("channels") or ())
    columns = ("name", "tenant_id", "condition", "window", "for", "severity", "channels", "source", "enabled", "error")
    _show(found, columns, as_json, none="No rules.")


@app.command()
def evaluate(*, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Show the figures of all rules as they are now; no alert begins or ends by it."""
    with _asked() as gateway:
        found = gateway.post("/api/v1/alert-rules/evaluate", tenant_id=tenant)["rules"]
    lines = found if as_json else [line for rule in found for line in _figures(rule)]
    _show(lines, ("rule", "bad", "figure", "limit", "of", "samples", "window", "error"), as_json, none="No rules.")


@app.command()
def silence(
    reason: Annotated[str, typer.Argument(help="Why, for others to read.")],
    *,
    duration: Annotated[str, typer.Option("--for", help="How long, such as 2h.")] = "1h",
    rule: Annotated[str | None, typer.Option(help="Name of a rule, or a glob such as `*`.")] = None,
    severity: Annotated[Literal["info", "warning", "critical"] | None, typer.Option()] = None,
    tenant: Annotated[str | None, typer.Option(metavar="ID", help="Alerts of one tenant only.")] = None,
    label: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="May be repeated.")] = None,
) -> None:
    """Keep alerts that have all of what is named from being told for a time."""
    labels = {}
    for pair in label or []:
        name, sign, value = pair.partition("=")
        if not sign:
            _fail(f"--label {pair}: expected NAME=VALUE", 2)
        labels[name] = value
    what = {"rule": rule, "severity": severity, "tenant_id": tenant, "labels": labels or None}
    content = {name: value for name, value in what.items() if value is not None}
    with _asked() as gateway:
        made = gateway.post("/api/v1/alert-silences", {**content, "duration": duration, "reason": reason})
    typer.echo(f"{made['id']}  silent until {made['ends_at']}")


@app.command()
def silences(
    *, ended: Annotated[bool, typer.Option(help="Also those that are over.")] = False, as_json: AsJson = False
) -> None:
    """Show the silences."""
    with _asked() as gateway:
        found = gateway.get("/api/v1/alert-silences", ended=ended)["silences"]
    columns = ("id", "rule", "tenant_id", "severity", "labels", "starts_at", "ends_at", "reason", "author")
    _show(found, columns, as_json, none="No silences.")


@app.command()
def unsilence(silence_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """End a silence now."""
    with _asked() as gateway:
        gateway.delete(f"/api/v1/alert-silences/{silence_id}")
    typer.echo("ended")


@app.command()
def channels(*, as_json: AsJson = False) -> None:
    """Show where alerts can be sent."""
    with _asked() as gateway:
        found = gateway.get("/api/v1/alert-channels")["channels"]
    _show(found, ("name", "type", "min_severity", "default"), as_json, none="No channels: no alert is sent.")


@app.command("test-send")
def try_channel(
    channel: Annotated[str, typer.Argument(help="Name of the channel.")],
    *,
    seconds: Annotated[float, typer.Option(min=1, max=60, help="How long to wait for the outcome.")] = 15,
) -> None:
    """Send a trial to a channel the way that alerts go; the exit code is 1 where it did not arrive."""
    with _asked() as gateway:
        sent = gateway.post(f"/api/v1/alert-channels/{channel}/test", seconds=seconds)
    typer.echo(sent["outcome"] + (f": {sent['reason']}" if sent["reason"] else ""))
    if sent["outcome"] != "delivered":
        raise typer.Exit(1)


def _figures(rule: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A line for each figure of a rule; one where there is none."""
    from callbacks.alerts.summary import figure_text  # noqa: PLC0415

    base = {"rule": rule["name"], "window": rule.get("window"), "error": rule.get("error")}
    if "threshold" in rule:
        base["limit"] = figure_text(rule["threshold"], rule["unit"])
    for figure in rule.get("figures") or [None]:
        if figure is None:
            yield {**base, "figure": None if base["error"] else "no data"}
            continue
        of = [figure["tenant_alias"] or figure["tenant_id"], *(f"{k}={v}" for k, v in figure["labels"].items())]
        value = "no data" if figure["value"] is None else figure_text(figure["value"], rule["unit"])
        yield {
            **base,
            "bad": "bad" if figure["bad"] else "",
            "figure": value,
            "of": " ".join(part for part in of if part),
            "samples": figure["samples"],
        }


def _show(rows: list[dict[str, Any]], columns: tuple[str, ...], as_json: bool, *, none: str) -> None:
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        typer.echo(none)
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    lines = [_plain(row) for row in rows]
    shown = [name for name in columns if any(line.get(name) for line in lines)]
    for column in shown:
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column == "id")  # to be copied
    for row in lines:
        table.add_row(*(row.get(name, "") for name in shown))
    Console(highlight=False, markup=False).print(table)


def _plain(row: dict[str, Any]) -> dict[str, str]:
    """Values as a table shows them."""
    return {
        name: "" if value in (None, {}, []) else value if isinstance(value, str) else json.dumps(value)
        for name, value in row.items()
    }


@contextmanager
def _asked() -> Iterator[RunningGateway]:
    """The running gateway; tell a person what can be mended, without a traceback."""
    from inferspect.asking import GatewayUnavailableError, running_gateway  # noqa: PLC0415

    try:
        with running_gateway(LaunchSettings()) as gateway:
            yield gateway
    except GatewayUnavailableError as none:
        _fail(str(none))


def _fail(message: str, status: int = 1) -> NoReturn:
    typer.echo(f"inferspect: {message}", err=True)
    raise typer.Exit(status)
