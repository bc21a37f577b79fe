"""Every hook is documented, and nothing else is called one."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.docs.markdown import ROOT, table_rows

FOLDERS = ("plugins", "guardrails", "callbacks")


def exported() -> set[str]:
    """Hooks by the name that the configuration gives them."""
    return {
        ".".join((*package.parent.relative_to(ROOT).parts, "hook"))
        for folder in FOLDERS
        for package in (ROOT / folder).rglob("__init__.py")
        if any(sign in package.read_text(encoding="utf-8") for sign in ("\nhook = ", 'if name == "hook":'))
    }


def documented() -> set[str]:
    rows = table_rows((ROOT / "docs" / "hooks.md").read_text(encoding="utf-8"))
    return {row[0].strip("`") for row in rows} - {"hook"}


def test_every_hook_is_documented_and_no_other() -> None:
    assert documented() == exported()


def test_every_hook_is_on_in_the_configuration_in_the_documented_order() -> None:
    content = yaml.safe_load((ROOT / "litellm_config.yaml").read_text(encoding="utf-8"))
    rows = table_rows((ROOT / "docs" / "hooks.md").read_text(encoding="utf-8"))
    names = [row[0].strip("`") for row in rows][1:]
    assert content["litellm_settings"]["callbacks"] == names


def test_a_package_of_a_hook_exports_nothing_but_the_hook() -> None:
    for name in exported():
        package = ROOT.joinpath(*name.split(".")[:-1]) / "__init__.py"
        assert '__all__ = ["hook"]' in package.read_text(encoding="utf-8"), Path(package)
