"""docs/guardrails/entities.md is what the code says, and its examples are found."""

from __future__ import annotations

import pytest

from guardrails.policy.plans import PlanSpec, plan_of
from guardrails.scanning.scan import Scan
from inferspect.entities_reference import COUNTRIES, PAGE, page
from inferspect.tenancy.entities import ENTITIES, PACKS, Entity
from tests.docs.markdown import table_rows

BY_A_MODEL = {name for name, entity in ENTITIES.items() if entity.description.endswith("by the operator's model")}
BY_A_TENANTS_WORDS = {"CONTENT_CUSTOM"}
# Secrets are not written out, so that no scanner of repositories takes them for real ones.
REST = {
    "SECRET_PROVIDER_KEY": "T3Blb" + "kFJ" + "a8Kd93jLs02mQpX7" * 2,
    "SECRET_CLOUD_KEY": "Q3EGR7XY" + "WJ2KLMNP",
    "SECRET_TOKEN": "a8Kd93jLs02mQpX7Zr4T" + "b6Vn1Yc5Hw2Ue9Gk",
    "SECRET_HIGH_ENTROPY": "a8Kd93jLs02mQpX7Zr4T",
}


def recognizable() -> list[Entity]:
    return [entity for entity in ENTITIES.values() if entity.name not in BY_A_MODEL | BY_A_TENANTS_WORDS]


def test_the_page_is_the_generated_one() -> None:
    """Where this fails, run ``make docs``."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_page_has_every_entity_once() -> None:
    rows = [row[0].strip("`") for row in table_rows(page()) if row[0].startswith("`")]
    assert sorted(rows) == sorted(ENTITIES)


def test_every_pack_has_the_name_of_its_country() -> None:
    assert COUNTRIES.keys() == PACKS


def test_every_entity_has_a_description_and_all_but_a_tenants_own_words_an_example() -> None:
    assert {name for name, entity in ENTITIES.items() if not entity.description} == set()
    assert {name for name, entity in ENTITIES.items() if not entity.example} == BY_A_TENANTS_WORDS


@pytest.mark.parametrize("entity", recognizable(), ids=lambda entity: entity.name)
def test_the_example_of_an_entity_is_found(entity: Entity) -> None:
    text = entity.example.replace("…", REST.get(entity.name, ""))
    scan = Scan(plan_of(PlanSpec(((entity.name, 0.35),))))
    steps = [*scan.feed(text), *scan.finish()]
    assert [finding.entity for step in steps for finding in step.findings] == [entity.name]
