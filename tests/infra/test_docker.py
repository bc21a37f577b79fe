"""What can be known of the container without a Docker engine: it is parsed and compared with the code."""

from __future__ import annotations

import re
import shlex
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from inferspect.settings_reference import launch_entries, settings_entries

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "infra" / "docker-compose.yml"
ORDINARY = {"PATH", "HOME", "PYTHONDONTWRITEBYTECODE"}  # of Python and the system, no settings of ours
PROVIDER_KEY = re.compile(r"[A-Z_]+_API_KEY")


def instructions() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile with their arguments, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines if line.strip())]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    return found[max(index for index, (name, _) in enumerate(found) if name == "FROM") :]


def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return content


def settings() -> set[str]:
    return {entry.variable for entry in (*launch_entries(), *settings_entries())}


def variables() -> dict[str, str]:
    return dict(pair.split("=", 1) for name, rest in last_stage() if name == "ENV" for pair in shlex.split(rest))


def is_ignored(path: str) -> bool:
    """Whether ``.dockerignore`` keeps a path out: the last pattern that fits it decides."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        keeps, pattern = pattern.startswith("!"), pattern.removeprefix("!")
        if any(fnmatch(path, form) for form in (pattern, f"{pattern}/*")):
            ignored = not keeps
    return ignored


def test_every_source_that_is_copied_exists_and_is_in_the_context() -> None:
    for name, rest in instructions():
        if name == "COPY" and "--from" not in rest:
            for source in shlex.split(rest)[:-1]:
                assert (ROOT / source).exists(), source
                assert not is_ignored(source), source


@pytest.mark.parametrize("path", [".git/config", ".inferspect/credentials.json", ".venv/bin/python", ".env", "tests/x"])
def test_secrets_and_what_is_not_needed_stay_out_of_the_context(path: str) -> None:
    assert is_ignored(path)


def test_the_packages_of_the_project_are_all_copied() -> None:
    copied = {source for name, rest in instructions() if name == "COPY" for source in shlex.split(rest)[:-1]}
    assert {"inferspect", "plugins", "guardrails", "callbacks", "litellm_config.yaml"} <= copied


def test_it_runs_as_a_user_that_is_not_root() -> None:
    [user] = [rest for name, rest in last_stage() if name == "USER"]
    assert user.split(":")[0] not in {"root", "0"}


def test_base_images_are_pinned_by_tag_and_name_no_registry() -> None:
    images = [rest.split()[0] for name, rest in instructions() if name == "FROM"]
    images += [service["image"] for service in compose()["services"].values() if "build" not in service]
    assert all(re.fullmatch(r"[a-z]+:[\w.-]+", image) and not image.endswith(":latest") for image in images)


def test_nothing_is_installed_in_the_last_stage() -> None:
    runs = " ".join(rest for name, rest in last_stage() if name == "RUN")
    assert not re.search(r"apt-get|pip|npm|curl|wget", runs)


def test_set_up_is_that_of_the_makefile() -> None:
    runs = " ".join(rest for name, rest in instructions() if name == "RUN")
    assert "python3 infra/setup gateway" in runs
    assert "infra/setup gateway" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_variable_of_the_image_is_a_setting() -> None:
    assert set(variables()) - settings() - ORDINARY == set()
    assert variables()["INFERSPECT_HOME"] == "/data"
    assert variables()["INFERSPECT_LOG__DESTINATION"] == "stderr"
    assert variables()["HOST"] == "0.0.0.0"  # noqa: S104  a container's own network
    assert [rest for name, rest in last_stage() if name == "VOLUME"] == ["/data"]


def test_health_is_asked_for_with_python() -> None:
    [check] = [rest for name, rest in last_stage() if name == "HEALTHCHECK"]
    assert "/health/readiness" in check
    assert 'CMD ["python"' in check


def test_every_variable_of_the_compose_file_is_a_setting() -> None:
    environment = compose()["services"]["gateway"]["environment"]
    assert {name for name in environment if not PROVIDER_KEY.fullmatch(name)} - settings() == set()


def test_every_service_has_a_health_check_and_a_read_only_root() -> None:
    for name, service in compose()["services"].items():
        assert service["healthcheck"]["test"], name
        assert service["read_only"] is True, name


def test_the_gateway_waits_for_healthy_services() -> None:
    services = compose()["services"]
    waits = services["gateway"]["depends_on"]
    assert set(waits) == set(services) - {"gateway"}
    assert {condition["condition"] for condition in waits.values()} == {"service_healthy"}


def test_only_the_gateway_publishes_a_port_and_only_locally_unless_told() -> None:
    published = {name: service["ports"] for name, service in compose()["services"].items() if "ports" in service}
    assert published == {"gateway": ["${PUBLISH:-127.0.0.1:4000}:4000"]}


def test_no_secret_has_a_default() -> None:
    """Each one is asked for with a message, wherever it is used."""
    text = re.sub(r"^\s*#.*$", "", COMPOSE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    used = re.findall(r"\$\{(\w+)(:?[-?]?)([^}]*)\}", text)
    secret = [(name, how, message) for name, how, message in used if re.search("PASSWORD|MASTER_KEY|SALT_KEY", name)]
    assert {name for name, _, _ in secret} == {
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
        "LITELLM_MASTER_KEY",
        "LITELLM_SALT_KEY",
        "UI_PASSWORD",
    }
    assert all(how == ":?" and message for _, how, message in secret)


def test_every_volume_is_declared() -> None:
    content = compose()
    used = {volume.split(":")[0] for service in content["services"].values() for volume in service.get("volumes", [])}
    assert used == set(content["volumes"])
