"""What the checks look at: one installation, its environment and its data folder."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from inferspect.configuration import Configuration, load_configuration
from inferspect.configuration_file import ConfigurationError
from inferspect.settings import LaunchSettings


@dataclass(frozen=True)
class Examination:
    """The patient.

    Attributes:
        root: the checkout, with ``requirements/`` and ``infra/``.
        packages: the environment's site-packages.
        environment: the process's environment variables, which the settings are read from.
    """

    root: Path = Path(__file__).resolve().parents[2]
    packages: Path = field(default_factory=lambda: Path(sysconfig.get_path("purelib")))
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @cached_property
    def launch_problems(self) -> tuple[str, ...]:
        """Environment variables of the launcher that do not validate; their values may be secrets and are not told."""
        try:
            LaunchSettings()
        except ValidationError as invalid:
            return tuple(f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in invalid.errors())
        return ()

    @cached_property
    def launch(self) -> LaunchSettings:
        """The launcher's settings; a value that does not validate is replaced by the default, so checks can go on."""
        wrong = [problem.partition(":")[0].lower() for problem in self.launch_problems]
        defaults: dict[str, Any] = {name: LaunchSettings.model_fields[name].default for name in wrong}
        return LaunchSettings(**defaults)

    @cached_property
    def configuration(self) -> Configuration | ConfigurationError:
        try:
            return load_configuration(self.launch.inferspect_config)
        except ConfigurationError as problems:
            return problems

    @property
    def home(self) -> Path:
        return self.launch.inferspect_home.absolute()

    @property
    def lock_file(self) -> Path:
        return self.root / "requirements" / "gateway.lock"
