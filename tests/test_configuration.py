from __future__ import annotations

import os
from pathlib import Path

import pytest

from inferspect.configuration import Configuration, ConfigurationError, load_configuration

MODELS = "model_list:\n  - {model_name: a, litellm_params: {model: openai/a}}\n"


def load(folder: Path, text: str) -> Configuration:
    file = folder / "litellm_config.yaml"
    file.write_text(text, encoding="utf-8")
    return load_configuration(file)


def problems(folder: Path, text: str) -> list[str]:
    """The lines that a person reads, without the headline."""
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text)
    headline, *lines = str(caught.value).splitlines()
    assert headline.endswith(f"{len(lines)} problem(s)")
    return [line.strip() for line in lines]


def test_the_repository_configuration_is_valid() -> None:
    """The file that operators start from loads."""
    root = Path(__file__).parents[1]
    assert load_configuration(root / "litellm_config.yaml").content["model_list"]


def test_a_valid_file_gives_content_settings_and_default_rules(tmp_path: Path) -> None:
    """Default rules are plain values, over which a tenant's own are laid."""
    loaded = load(tmp_path, MODELS + "inferspect:\n  default_rules: {models: {denied: [b]}}\n")
    assert loaded.content["model_list"][0]["model_name"] == "a"
    assert loaded.settings.default_rules.models.denied == ("b",)
    assert loaded.default_rules["models"] == {"allowed": ["*"], "denied": ["b"]}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("model_lst: []\n", ["litellm_config.yaml:1: model_lst", "is no key", "did you mean 'model_list'?"]),
        ("zebra: 1\n", ["litellm_config.yaml:1: zebra", "use one of: ", "inferspect"]),
        (
            "litellm_settings:\n  callbacks:\n    - no_such_package.hook\n",
            ["yaml:3: litellm_settings.callbacks.0", "cannot be found", "(found: no_such_package.hook)", "install"],
        ),
        ("litellm_settings:\n  callbacks: a.b\n", ["yaml:2: litellm_settings.callbacks", "must be a list", "'a.b'"]),
        ("model_list:\n", ["yaml:1: model_list", "must be a list", "- model_name:"]),
        ("model_list:\n  - {}\n", ["yaml:2: model_list.0", "has no model_name"]),
        ("model_list:\n  - 7\n", ["yaml:2: model_list.0", "has no model_name"]),
        ("model_list:\n  - model_name: a\n", ["yaml:2: model_list.0.litellm_params", "'a' names no model", "add "]),
        (
            MODELS + "router_settings:\n  fallbacks:\n    - a: [aa]\n",
            ["yaml:5: router_settings.fallbacks.0.a", "model_list does not have", "(found: aa)", "did you mean 'a'?"],
        ),
        (
            MODELS + "litellm_settings:\n  context_window_fallbacks:\n    - unknown: [a]\n",
            ["yaml:5: litellm_settings.context_window_fallbacks.0.unknown", "(found: unknown)"],
        ),
        (MODELS + "router_settings:\n  fallbacks: [a]\n", ["yaml:4: router_settings.fallbacks.0", "be a mapping"]),
        ("inferspect:\n  evnts: {}\n", ["yaml:2: inferspect.evnts", "is no setting", "did you mean 'events'?"]),
        (
            "inferspect:\n  events:\n    ship_evry: 1\n",
            ["yaml:3: inferspect.events.ship_evry", "did you mean 'ship_every'?"],
        ),
        (
            "inferspect:\n  events:\n    ship_every: 0\n",
            ["yaml:3: inferspect.events.ship_every", "(found: 0)"],
        ),
        ("inferspect:\n  log: {level: loud}\n", ["yaml:2: inferspect.log.level", "'debug'", "(found: 'loud')"]),
        (
            "inferspect:\n  default_rules:\n    pii: {entities: {US_SSN: erase}}\n",
            ["yaml:3: inferspect.default_rules.pii.entities.US_SSN", "(found: 'erase')"],
        ),
        ("inferspect: 5\n", ["yaml:1: inferspect", "must be a mapping"]),
        ("inferspect: text\n", ["yaml:1: inferspect", "must be a mapping"]),
        ("inferspect: []\n", ["yaml:1: inferspect", "must be a mapping"]),
        ("inferspect: false\n", ["yaml:1: inferspect", "must be a mapping"]),
        ("inferspect: {}\ninferspect: {}\n", ["yaml:2: inferspect", "is given twice", "keep one"]),
        (
            "inferspect:\n  log: {level: info}\n  events: {}\n  log: {level: debug}\n",
            ["yaml:4: inferspect.log", "is given twice"],
        ),
        ("a: [1\n", ["no valid YAML at line 2", "mend the syntax"]),
        ("a: *missing\n", ["no valid YAML at line 1", "mend the syntax"]),
        ("a: 2024-13-45\n", ["no valid YAML", "mend"]),
        ("a: \x00\n", ["no valid YAML", "mend the syntax"]),
        ("- a\n", ["holds no mapping", "repository"]),
        ("", ["holds no mapping", "repository"]),
    ],
)
def test_a_problem_is_named_with_line_path_value_and_remedy(tmp_path: Path, text: str, parts: list[str]) -> None:
    """One line says where it is wrong, what was found, and what to do."""
    (line,) = problems(tmp_path, text)
    for part in parts:
        assert part in line


def test_a_wrong_address_is_one_problem(tmp_path: Path) -> None:
    """A value that is neither IPv4 nor IPv6 is one mistake, so it is told once."""
    (line,) = problems(tmp_path, "inferspect:\n  access:\n    trusted_proxies: [10.0.0.0/99]\n")
    assert "yaml:3: inferspect.access.trusted_proxies.0" in line
    assert "10.0.0.0/99" in line


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """A person mends the file in one go."""
    text = (
        "modl_list: []\n"
        "model_list:\n  - {}\n"
        "litellm_settings: {callbacks: [nowhere.hook]}\n"
        "router_settings: {fallbacks: [{x: [y]}]}\n"
        "inferspect: {log: {level: loud, colour: red}}\n"
    )
    lines = problems(tmp_path, text)
    assert [line.split(": ")[0] for line in lines] == [f"litellm_config.yaml:{n}" for n in (1, 4, 3, 5, 5, 6, 6)]


def test_a_missing_file_names_the_variable(tmp_path: Path) -> None:
    """The message says which variable names the file."""
    with pytest.raises(
        ConfigurationError, match=r"absent\.yaml.*does not exist; name it in INFERSPECT_CONFIG"
    ) as error:
        load_configuration(tmp_path / "absent.yaml")
    assert len(error.value.problems) == 1


def test_a_file_that_cannot_be_read_is_told_as_such(tmp_path: Path) -> None:
    """A folder, or bytes that are no UTF-8, end in words and not in a traceback."""
    with pytest.raises(ConfigurationError, match=r"cannot be read: .*directory"):
        load_configuration(tmp_path)
    file = tmp_path / "latin.yaml"
    file.write_bytes(b"a: \xe9\n")
    with pytest.raises(ConfigurationError, match=r"cannot be read: .*utf-8"):
        load_configuration(file)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_told_as_such(tmp_path: Path) -> None:
    """Wrong permissions are named."""
    file = tmp_path / "litellm_config.yaml"
    file.write_text(MODELS, encoding="utf-8")
    file.chmod(0)
    with pytest.raises(ConfigurationError, match="Permission denied"):
        load_configuration(file)


def test_a_callback_beside_the_configuration_is_found(tmp_path: Path) -> None:
    """LiteLLM loads a hook from a file beside its configuration, so that is no problem."""
    (tmp_path / "my_hooks.py").write_text("hook = None\n", encoding="utf-8")
    assert load(tmp_path, "litellm_settings:\n  callbacks: [my_hooks.hook, langfuse, plugins.failover.hook]\n")


@pytest.mark.parametrize(
    "text",
    [
        MODELS + "router_settings:\n  fallbacks: [{'*': [a]}]\n",
        (
            "model_list:\n  - {model_name: openai/*, litellm_params: {model: openai/*}}\n"
            "router_settings:\n  fallbacks: [{openai/gpt-4o: [openai/gpt-4o-mini]}]\n"
        ),
        MODELS + "router_settings:\n  model_group_alias: {b: a}\n  fallbacks: [{b: [a]}]\n",
        "include: [models.yaml]\nrouter_settings:\n  fallbacks: [{b: [c]}]\n",
        "inferspect:\n",
        "inferspect: {}\n",
    ],
)
def test_what_litellm_accepts_is_accepted(tmp_path: Path, text: str) -> None:
    """Wildcards, aliases and included files serve models too; an empty section is all defaults."""
    assert load(tmp_path, text)


def test_an_alias_that_contains_itself_does_not_hang(tmp_path: Path) -> None:
    """YAML allows a recursive document; it is read, and what is wrong in it is told."""
    (line,) = problems(tmp_path, "loop: &loop [*loop]\n")
    assert "loop: is no key" in line


def test_a_folder_of_prompts_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its line, or as the variable that names it; relative to the file."""
    (told,) = problems(tmp_path, "inferspect:\n  prompts:\n    folder: absent\n")
    assert f"litellm_config.yaml:3: inferspect.prompts.folder: {tmp_path}/absent is no folder" in told
    monkeypatch.setenv("INFERSPECT_PROMPTS__FOLDER", "gone")
    (told,) = problems(tmp_path, "model_list: []\n")
    assert f"environment: INFERSPECT_PROMPTS__FOLDER: {tmp_path}/gone is no folder" in told


def test_a_wrong_variable_is_named_as_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the environment is wrong, the remedy names the variable and not the file."""
    monkeypatch.setenv("INFERSPECT_EVENTS__SHIP_EVERY", "soon")
    (line,) = problems(tmp_path, MODELS)
    assert line.startswith("environment: INFERSPECT_EVENTS__SHIP_EVERY: ")
    assert "(found: 'soon')" in line


def test_a_variable_that_is_no_json_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list in a variable is JSON; one that is not ends in words."""
    monkeypatch.setenv("INFERSPECT_ACCESS__TRUSTED_PROXIES", "10.0.0.0/8")
    (line,) = problems(tmp_path, MODELS)
    assert line.startswith("environment: INFERSPECT_ACCESS__TRUSTED_PROXIES: ")
    assert "JSON" in line
    assert "(found: 10.0.0.0/8)" in line


SECRET = "s3cr3t-s3cr3t"
EMAIL = "type: email, host: mail.example, sender: a@example.com, recipients: [b@example.com], username: u"


@pytest.mark.parametrize(
    "section",
    [
        f"alerts: {{channels: {{a: {{{EMAIL}, password: 3141592653}}}}}}",
        f"alerts: {{channels: {{a: {{{EMAIL}, password: {SECRET}}}}}}}",
        f"alerts: {{channels: {{a: {{type: apprise, url: ['discord://{SECRET}/x']}}}}}}",
        f"alerts: {{channels: {{a: {{type: webhook, url: 'https://a.example', secret: [{SECRET}]}}}}}}",
        f"alerts: {{channels: {{a: {{type: webhook, url: 'hooks.example/{SECRET}', secret: os.environ/A}}}}}}",
        f"alerts: {{channels: {{a: {{type: webhook, url: 'https://a b/{SECRET}', secret: os.environ/A}}}}}}",
        f"alerts: {{channels: {{a: {{type: custom, factory: 'a:b', credentials: {SECRET}}}}}}}",
        f"alerts: {{channels: {{a: 'https://hooks.example/{SECRET}'}}}}",
        f"alerts: {{channels: ['https://hooks.example/{SECRET}']}}",
        f"alerts: [{SECRET}]",
        f"langfuse: {SECRET}",
        "langfuse: {host: 'https://a.example', public_key: os.environ/A, secret_key: 3141592653}",
        f"tracing: {{headers: {SECRET}}}",
    ],
)
def test_a_secret_is_not_repeated_wherever_it_was_written(tmp_path: Path, section: str) -> None:
    """The place is told, and what belongs there."""
    told = "\n".join(problems(tmp_path, f"{MODELS}inferspect: {{{section}}}\n"))
    assert "inferspect." in told
    assert SECRET not in told
    assert "3141592653" not in told


def test_a_variable_that_may_hold_a_secret_is_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is no JSON."""
    monkeypatch.setenv("INFERSPECT_ALERTS__CHANNELS", f"{{a: {SECRET}}}")
    (line,) = problems(tmp_path, MODELS)
    assert line.startswith("environment: INFERSPECT_ALERTS__CHANNELS: ")
    assert SECRET not in line


def test_a_broken_package_of_a_callback_is_told_with_its_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that exists but fails when imported is not called missing."""
    package = tmp_path / "broken_hooks"
    package.mkdir()
    (package / "__init__.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    (line,) = problems(tmp_path, "litellm_settings:\n  callbacks: [broken_hooks.inner.hook]\n")
    assert "ZeroDivisionError" in line
