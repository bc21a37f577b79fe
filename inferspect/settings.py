"""InferSpect's settings: the environment over the ``inferspect`` key of ``litellm_config.yaml`` over defaults.

Each setting is declared here once. ``docs/settings.md`` is generated from these declarations.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from inferspect.observation.alerts import AlertSettings
from inferspect.observation.audit import AuditSettings
from inferspect.observation.langfuse import LangfuseSettings
from inferspect.observation.metrics import MetricSettings
from inferspect.observation.quality import QualitySettings
from inferspect.observation.reports import ReportSettings
from inferspect.observation.tracing import TracingSettings
from inferspect.prompts.settings import PromptSettings
from inferspect.section import Bytes, Seconds, Section
from inferspect.tenancy import TenantRules
from inferspect.tenancy.rules import Address


class EmbeddedSettings(Section):
    """Which services the launcher runs itself where no address of an external one is given."""

    redis: bool = Field(default=True, description="Run an embedded Redis; without one, each worker counts for itself.")
    demo: bool = Field(default=True, description="Run the upstream simulator behind the models `demo`.")


class LimitSettings(Section):
    """How large a request may be before it is refused with 413."""

    max_json_bytes: Bytes = Field(default=10 * 1024**2, description="Largest body of a JSON request, in bytes.")
    max_upload_bytes: Bytes = Field(
        default=200 * 1024**2, description="Largest body of an upload (multipart), in bytes."
    )


class AccessSettings(Section):
    """How a client is told apart."""

    trusted_proxies: tuple[Address, ...] = Field(
        default=(),
        description="Networks (CIDR) whose `X-Forwarded-For` is believed; from all others the peer address counts.",
    )
    ungoverned_routes: Literal["refuse", "allow"] = Field(
        default="refuse",
        description="What becomes of LiteLLM's model routes that no hook looks into: pass-through to providers, token "
        "counting, files, batches, vector stores, assistants, MCP sessions. `allow` lets them past rules, masking and "
        "events.",
    )
    outgoing_networks: tuple[Address, ...] = Field(
        default=(),
        description="Networks (CIDR) that notifications may be sent to although they are not public, such as that of a "
        "mail server of your own; `http://` reaches only these.",
    )


class EventSettings(Section):
    """The record of every request: a spool on disk, shipped to PostgreSQL."""

    max_spool_bytes: Bytes = Field(
        default=2 * 1024**3, description="Size of a worker's spool from which on requests are refused with 503."
    )
    ship_every: Seconds = Field(
        default=2.0,
        description="Seconds between two shipments to the database. Fewer cost less, as do the deliveries that follow.",
    )
    ship_batch: Annotated[int, Field(ge=1, le=10_000)] = Field(default=500, description="Most events of a shipment.")
    settle_after: Seconds = Field(
        default=15.0,
        description="Seconds that an event waits for its cost and tokens before it is shipped without them; "
        "they follow when they arrive.",
    )
    max_content_bytes: Bytes = Field(
        default=256 * 1024,
        description="Most bytes kept of a redacted request, and of its answer; of longer ones the beginning.",
    )
    retention_days: Annotated[int, Field(ge=1)] = Field(
        default=90, description="Days that events, contents, scores and usage are kept; tenants may have fewer."
    )
    delivery_for: Seconds = Field(
        default=24 * 3600.0,
        description="Seconds for which an event is offered to a consumer that does not take it, and at least 12 times; "
        "then it becomes a dead letter.",
    )
    consumers: Literal["process", "gateway", "worker"] = Field(
        default="process",
        description="Where events are delivered to Langfuse, scored and so on: `process`, in one that "
        "`inferspect serve` runs beside the gateway's workers, so that they only answer requests; `gateway`, in each "
        "of these workers; `worker`, by processes of your own, `inferspect worker`.",
    )


class GuardrailSettings(Section):
    """How texts are scanned; what for is in each tenant's rules."""

    pool_processes: Annotated[int, Field(ge=0, le=64)] = Field(
        default=1, description="Processes of each worker that scan long texts; 0 has the worker scan them itself."
    )
    inline_characters: Annotated[int, Field(ge=0)] = Field(
        default=2048, description="Texts up to this length are scanned by the worker itself."
    )
    budget: Seconds = Field(
        default=0.1,
        description="Seconds of processor time for a text, and a fifth of that for each kilobyte; a text that takes "
        "longer is refused.",
    )
    deadline: Seconds = Field(default=30, description="Seconds after which a process that scans is ended.")
    cache_bytes: Bytes = Field(
        default=32 * 1024**2, description="Memory of each worker for places of findings in texts seen before."
    )
    cache_for: Seconds = Field(default=600, description="Seconds for which these are remembered.")
    recognizers: Path | None = Field(default=None, description="YAML file of recognizers of your own.")
    nlp_engine: Path | None = Field(
        default=None, description="YAML file of Presidio's NlpEngineProvider: a model that finds names."
    )
    content_classifier: str | None = Field(
        default=None, description="Function `package.module:name` that tells the probability of categories of content."
    )
    placeholder_key_version: Annotated[int, Field(ge=1)] = Field(
        default=1, description="Version of the keys that placeholders are made with; a higher one makes new keys."
    )
    vault: Literal["postgres", "redis", "off"] = Field(
        default="postgres",
        description="Where the values behind placeholders are kept, encrypted, for answers to `previous_response_id`.",
    )
    vault_for: Seconds = Field(default=30 * 24 * 3600, description="Seconds for which they are kept.")


LogLevel = Literal["debug", "info", "warning", "error"]


class LogSettings(Section):
    """The gateway's log."""

    level: LogLevel = Field(default="info", description="Least level written.")
    levels: dict[str, LogLevel] = Field(
        default_factory=dict, description="The same for single loggers, by name, such as `LiteLLM Router`."
    )
    whole: tuple[str, ...] = Field(
        default=(),
        description="Loggers of your own whose messages are written whole; of others' only what stands in their "
        "source, as they quote requests.",
    )
    format: Literal["json", "text"] = Field(
        default="json", description="`json`: a line an object; `text`: for a person at a terminal."
    )
    destination: Literal["file", "stderr"] = Field(
        default="file",
        description="`file`: `logs/gateway.log` in the data folder; `stderr`: the launcher's own, for containers.",
    )
    max_bytes: Bytes = Field(
        default=50 * 1024**2, description="Size from which on a file of the log is put aside and a new one begun."
    )
    keep_files: Annotated[int, Field(ge=1, le=1_000)] = Field(
        default=10, description="How many files put aside are kept of each log."
    )
    keep_days: Annotated[int, Field(ge=1)] = Field(default=30, description="Days that they are kept.")


class Settings(BaseSettings):
    """All settings of InferSpect. A variable such as ``INFERSPECT_EVENTS__SHIP_EVERY`` sets ``events.ship_every``."""

    model_config = SettingsConfigDict(
        env_prefix="INFERSPECT_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    embedded: EmbeddedSettings = EmbeddedSettings()
    limits: LimitSettings = LimitSettings()
    access: AccessSettings = AccessSettings()
    events: EventSettings = EventSettings()
    guardrails: GuardrailSettings = GuardrailSettings()
    prompts: PromptSettings = PromptSettings()
    langfuse: LangfuseSettings = LangfuseSettings()
    tracing: TracingSettings = TracingSettings()
    quality: QualitySettings = QualitySettings()
    reports: ReportSettings = ReportSettings()
    metrics: MetricSettings = MetricSettings()
    audit: AuditSettings = AuditSettings()
    alerts: AlertSettings = AlertSettings()
    log: LogSettings = LogSettings()
    default_rules: TenantRules = Field(
        default=TenantRules(), description="Rules of every tenant where its own do not say otherwise."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over what is passed in, which is the content of the configuration file."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings


class LaunchSettings(BaseSettings):
    """What the launcher takes from the environment, under the names that LiteLLM's users know."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    host: str = Field(default="127.0.0.1", description="Address the gateway listens on.")
    port: int = Field(default=4000, ge=1, le=65535, description="Port the gateway listens on.")
    num_workers: int = Field(default=1, ge=1, le=256, description="Worker processes of the gateway.")
    litellm_master_key: str | None = Field(
        default=None, min_length=8, description="Key of the platform administrator; generated where unset."
    )
    litellm_salt_key: str | None = Field(
        default=None,
        min_length=8,
        description="Encrypts provider credentials in the database; generated where unset. Must never change.",
    )
    ui_username: str = Field(default="admin", description="User name of the admin UI.")
    ui_password: str | None = Field(
        default=None, min_length=8, description="Password of the admin UI; generated where unset."
    )
    database_url: str | None = Field(
        default=None, description="URL of an external PostgreSQL; where unset an embedded one is run."
    )
    redis_url: str | None = Field(
        default=None, description="URL of an external Redis; where unset an embedded one is run."
    )
    inferspect_home: Path = Field(default=Path(".inferspect"), description="Folder of all data the gateway keeps.")
    inferspect_config: Path = Field(default=Path("litellm_config.yaml"), description="The configuration file.")
    inferspect_prisma_engine: Literal["wasm", "native"] = Field(
        default="wasm", description="`native` leaves Prisma's own engine in charge of LiteLLM's database access."
    )


def settings_from(section: Mapping[str, Any] | None) -> Settings:
    """Settings from the parsed ``inferspect`` section, the environment laid over it.

    Raises:
        pydantic.ValidationError: naming every wrong key and value.
        pydantic_settings.SettingsError: a variable is no JSON where its setting is a list or mapping.
        TypeError: the section is no mapping.
    """
    if section is not None and not isinstance(section, Mapping):
        raise TypeError(f"expected a mapping, found {type(section).__name__}")
    return Settings(**dict(section or {}))
