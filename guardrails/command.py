"""``inferspect guardrails``: try guardrails on a text, and measure them on labelled texts."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from inferspect.settings import LaunchSettings

if TYPE_CHECKING:
    from guardrails.accuracy import Accuracy
    from guardrails.labelled import Example
    from guardrails.local import LocalGuardrails

# Imports stand inside of functions: every command of `inferspect` loads this module.

app = typer.Typer(no_args_is_help=True, help="Try guardrails on texts, without sending anything to a provider.")

WRONG_INPUT = 2
DEFAULT_TENANT = "default"

Tenant = Annotated[
    str | None,
    typer.Option(metavar="ID", help="Id or alias of a tenant, whose rules the running gateway tells."),
]
RulesFile = Annotated[
    Path | None,
    typer.Option(
        "--rules",
        metavar="FILE",
        help="JSON or YAML file of rules, laid over the default ones.",
    ),
]
KEYED = frozenset({"reversible", "hash"})
KEYS_FROM = {
    "environment": "Placeholders are made with LITELLM_SALT_KEY, for the tenant `default`.",
    "data folder": "Placeholders are made with the data folder's salt key, for the tenant `default`.",
    "throwaway": "Placeholders are made with a throwaway key, as there is neither LITELLM_SALT_KEY nor a data folder.",
}

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("test")
def try_text(
    text: Annotated[str, typer.Argument(help="The text; `-` reads it from standard input.")],
    *,
    tenant: Tenant = None,
    rules_file: RulesFile = None,
    direction: Annotated[
        Literal["input", "output"], typer.Option(help="Whether it is part of a request or of an answer.")
    ] = "input",
    source: Annotated[
        Literal["user", "system", "assistant", "tool", "document"],
        typer.Option(help="Whose text it is; prompt injection is judged by it."),
    ] = "user",
    as_json: AsJson = False,
) -> None:
    """Show what the guardrails find in a text, and what would become of it."""
    with _problems_told():
        content = _text(text)
        rules = _rules(rules_file)
        if tenant is not None:
            shown = _asked(tenant, rules, text=content, direction=direction, source=source)
        else:
            here = _local(rules, DEFAULT_TENANT)
            shown = asyncio.run(here.preview(content, direction, source)).as_json()
            shown["keys_from"] = here.keys_from
    if as_json:
        typer.echo(json.dumps(shown, indent=2))
        return
    from rich.console import Console  # noqa: PLC0415

    from guardrails.tables import print_preview  # noqa: PLC0415

    console = Console(highlight=False)
    print_preview(shown, content, direction, console)
    if any(span["action"] in KEYED for span in shown["spans"]) and (origin := shown.get("keys_from")):
        console.print(f"\n{KEYS_FROM[origin]}")


@app.command()
def report(
    file: Annotated[
        Path, typer.Argument(help="Labelled texts, as JSON lines or a JSON array: see docs/guardrails.md.")
    ],
    *,
    tenant: Tenant = None,
    rules_file: RulesFile = None,
    mapped: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="LABEL=ENTITY", help="What a label of the file stands for; may be repeated."),
    ] = None,
    misses: Annotated[int, typer.Option(min=0, help="Most mistakes to show, each with 30 characters around it.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Measure precision, recall and F1 by entity on labelled texts, which stay on this machine."""
    from guardrails.labelled import read_labelled  # noqa: PLC0415

    with _problems_told():
        examples = read_labelled(file)
        rules = _rules(rules_file)
        tenant_id = DEFAULT_TENANT
        if tenant is not None:
            tenant_id, own = _rules_of(tenant)
            rules = own if rules is None else rules
        here = _local(rules, tenant_id)
        accuracy = asyncio.run(_measured(here, examples, _names(mapped or [])))
    shown = accuracy.mistakes[:misses]
    if as_json:
        typer.echo(json.dumps(accuracy.as_json(shown), indent=2))
        return
    from rich.console import Console  # noqa: PLC0415

    from guardrails.tables import print_accuracy  # noqa: PLC0415

    print_accuracy(accuracy, shown, Console(highlight=False))


async def _measured(here: LocalGuardrails, examples: list[Example], names: dict[str, str]) -> Accuracy:
    from guardrails.accuracy import Accuracy, Found  # noqa: PLC0415
    from guardrails.scanning.budget import BudgetExceededError  # noqa: PLC0415

    accuracy = Accuracy()
    looked_for = here.looked_for()
    for example in examples:
        try:
            spans = (await here.preview(example.text)).spans
        except (BudgetExceededError, TimeoutError):
            _fail(f"{example.place}: the text takes longer to look through than `inferspect.guardrails.budget` allows")
        accuracy.add(example, [Found(span.entity, span.start, span.end) for span in spans], looked_for, names)
    return accuracy


def _local(rules: dict[str, Any] | None, tenant_id: str) -> LocalGuardrails:
    from guardrails.local import local_guardrails  # noqa: PLC0415

    return local_guardrails(LaunchSettings(), rules, tenant_id)


def _asked(tenant: str, rules: dict[str, Any] | None, **fields: Any) -> dict[str, Any]:
    from inferspect.asking import running_gateway  # noqa: PLC0415

    with running_gateway(LaunchSettings()) as gateway:
        tenant_id = tenant if tenant == DEFAULT_TENANT else gateway.team(tenant)["team_id"]
        return gateway.post("/api/v1/guardrails/preview", {"tenant_id": tenant_id, "rules": rules, **fields})


def _rules_of(tenant: str) -> tuple[str, dict[str, Any] | None]:
    from inferspect.asking import running_gateway  # noqa: PLC0415

    if tenant == DEFAULT_TENANT:
        return tenant, None
    with running_gateway(LaunchSettings()) as gateway:
        team = gateway.team(tenant)
    return str(team["team_id"]), (team.get("metadata") or {}).get("inferspect")


def _text(given: str) -> str:
    try:
        if given == "-":
            return sys.stdin.buffer.read().decode("utf-8")
        given.encode("utf-8")
    except UnicodeError:
        _fail("the text is no valid UTF-8", WRONG_INPUT)
    return given


def _rules(file: Path | None) -> dict[str, Any] | None:
    """The content of a file of rules; JSON is read as the YAML that it is."""
    from inferspect.configuration_file import ConfigurationError, read_mapping  # noqa: PLC0415

    try:
        return None if file is None else read_mapping(file)[0]
    except ConfigurationError as wrong:
        # The remedies speak of the gateway's configuration.
        _fail(f"{file}: " + "; ".join(problem.message for problem in wrong.problems), WRONG_INPUT)


def _names(mapped: list[str]) -> dict[str, str]:
    from inferspect.tenancy.entities import ENTITIES  # noqa: PLC0415

    names = {}
    for pair in mapped:
        label, sign, entity = pair.partition("=")
        if not sign or not label or entity not in ENTITIES:
            _fail(f"--map {pair}: expected LABEL=ENTITY, with one of docs/guardrails/entities.md", WRONG_INPUT)
        names[label] = entity
    return names


@contextmanager
def _problems_told() -> Iterator[None]:
    """Tell a person what can be mended, without a traceback; the entry point does so for the configuration."""
    from guardrails.labelled import LabelledFileError  # noqa: PLC0415
    from guardrails.scanning.budget import BudgetExceededError  # noqa: PLC0415
    from inferspect.asking import GatewayUnavailableError  # noqa: PLC0415
    from inferspect.tenancy import InvalidRules  # noqa: PLC0415

    try:
        yield
    except LabelledFileError as wrong:
        _fail(str(wrong), WRONG_INPUT)
    except InvalidRules as wrong:
        _fail("the rules are invalid:\n" + "\n".join(f"  {problem}" for problem in wrong.problems), WRONG_INPUT)
    except GatewayUnavailableError as none:
        _fail(str(none))
    except (BudgetExceededError, TimeoutError):
        _fail("the text takes longer to look through than `inferspect.guardrails.budget` allows")


def _fail(message: str, status: int = 1) -> NoReturn:
    typer.echo(f"inferspect: {message}", err=True)
    raise typer.Exit(status)
