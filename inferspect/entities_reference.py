"""Every entity of the guardrails with what it is and an example: ``docs/guardrails/entities.md``.

``python -m inferspect.entities_reference`` writes the page, ``make docs`` calls it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from inferspect.tenancy.entities import ENTITIES, GENERAL, Entity, Guardrail

PAGE = Path(__file__).resolve().parents[1] / "docs" / "guardrails" / "entities.md"

COUNTRIES = {
    "au": "Australia",
    "ca": "Canada",
    "de": "Germany",
    "es": "Spain",
    "fi": "Finland",
    "in": "India",
    "it": "Italy",
    "kr": "South Korea",
    "ng": "Nigeria",
    "ph": "Philippines",
    "pl": "Poland",
    "se": "Sweden",
    "sg": "Singapore",
    "th": "Thailand",
    "tr": "Türkiye",
    "uk": "United Kingdom",
    "us": "United States",
    "vn": "Vietnam",
    "za": "South Africa",
}
INTRODUCTION = """\
# Entities

Generated from `inferspect/tenancy/entities.py` by `make docs`; do not edit. Rules name entities as they are named here:
[guardrails](../guardrails.md#rules). Values in the examples are made up, and a test finds them.
"""
PII = """\
## `pii`: personal data

### In every tenant's rules
"""
OPT_IN = """\
### Only where rules name them

Such as by `{"pii": {"entities": {"PERSON": "mask"}}}`. Those "by the operator's model" also need
[a model](recognizers.md#names-by-a-model).
"""
PACKS = """\
### Country packs

Looked for where `pii.packs` has the pack, or `pii.entities` names the entity. Default: `["vn"]`.
"""
OTHERS: dict[Guardrail, str] = {
    "secrets": "keys, tokens and passwords",
    "content_safety": "content that should not be asked for or said",
    "prompt_injection": "texts that try to take over the model",
}


def page() -> str:
    return "\n".join(_parts()).rstrip("\n") + "\n"


def _parts() -> Iterator[str]:
    personal = [entity for entity in ENTITIES.values() if entity.guardrail == "pii"]
    general = [entity for entity in personal if entity.pack == GENERAL]
    yield from (INTRODUCTION, PII)
    yield _table(entity for entity in general if not entity.opt_in)
    yield OPT_IN
    yield _table(entity for entity in general if entity.opt_in)
    yield PACKS
    for pack in sorted({entity.pack for entity in personal} - {GENERAL}):
        yield f"#### `{pack}`: {COUNTRIES[pack]}\n"
        yield _table(entity for entity in personal if entity.pack == pack)
    for guardrail, described in OTHERS.items():
        yield f"## `{guardrail}`: {described}\n"
        yield _table(entity for entity in ENTITIES.values() if entity.guardrail == guardrail)


def _table(entities: Iterable[Entity]) -> str:
    rows = ["| entity | what it is | example |", "|---|---|---|"]
    for entity in entities:
        cells = [f"`{entity.name}`", entity.description, f"`{entity.example}`" if entity.example else ""]
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
