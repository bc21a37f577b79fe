"""Where requests are traced in Langfuse."""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from inferspect.observation.addresses import ContentRule, HttpAddress, Share, checked_address
from inferspect.secret import Secret, SecretReference
from inferspect.section import Bytes, Seconds, Section

CLOUD = "https://cloud.langfuse.com"
CLOUDS = (CLOUD, "https://us.cloud.langfuse.com", "https://jp.cloud.langfuse.com", "https://hipaa.cloud.langfuse.com")
HOST_VARIABLES = ("LANGFUSE_BASE_URL", "LANGFUSE_HOST")  # as Langfuse's SDK has them
KEY_VARIABLES = ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")
PUBLIC_KEY, SECRET_KEY = (SecretReference(f"os.environ/{name}") for name in KEY_VARIABLES)
ENVIRONMENT = re.compile(r"(?!langfuse)[a-z0-9_-]+")


def _environment(value: str) -> str:
    if not ENVIRONMENT.fullmatch(value):
        raise ValueError("must be lower-case letters, digits, - and _, and not begin with langfuse")
    return value


Environment = Annotated[str, AfterValidator(_environment), Field(max_length=40)]


class LangfuseSettings(Section):
    """Where requests are traced in Langfuse; nowhere, as long as there are no keys. See [Langfuse](langfuse.md)."""

    enabled: bool = Field(default=True, description="`false` sends nothing, whatever keys there are.")
    host: HttpAddress | None = Field(
        default=None,
        description="Address of Langfuse; unset, `LANGFUSE_BASE_URL` or `LANGFUSE_HOST`, or else Langfuse's cloud.",
    )
    public_key: Secret | None = Field(
        default=None,
        description="Reference to the project's public key; unset, `os.environ/LANGFUSE_PUBLIC_KEY` where that is set.",
    )
    secret_key: Secret | None = Field(
        default=None,
        description="Reference to its secret key; unset, `os.environ/LANGFUSE_SECRET_KEY` where that is set.",
    )
    sample_rate: Share = Field(default=1.0, description="Share of traces that are sent; all of a trace is, or nothing.")
    content: ContentRule = Field(
        default="redacted",
        description="`redacted`: requests and answers as the guardrails leave them; `none`: neither, for no tenant.",
    )
    environment: Environment | None = Field(default=None, description="Of traces whose request does not name one.")
    release: str | None = Field(default=None, max_length=200, description="Likewise, the release.")
    traces_by: Literal["request", "session"] = Field(
        default="request", description="`session`: requests of a session share a trace, else each has its own."
    )
    callers_traces: Literal["langfuse", "elsewhere"] = Field(
        default="langfuse",
        description="Where callers that send a `traceparent` keep their traces. `langfuse`: name, user, input and "
        "output of the trace stay what they say; `elsewhere`: Langfuse has only the gateway's part of it, so they are "
        "the request's.",
    )
    guardrail_spans: Literal["all", "findings"] = Field(
        default="findings",
        description="`all`: verdicts of guardrails that found nothing are spans, too; eight more of each request.",
    )
    timeout: Seconds = Field(default=10.0, description="Seconds for a request to Langfuse.")
    batch: Annotated[int, Field(ge=1, le=1000)] = Field(default=50, description="Most traces of a request to Langfuse.")
    max_request_bytes: Bytes = Field(
        default=4 * 1024**2, description="Most bytes of it, before compression; a larger trace goes alone."
    )
    allowed_hosts: tuple[HttpAddress, ...] = Field(
        default=CLOUDS,
        description="Addresses that tenants' rules may name, beside `host` and those of the default rules.",
    )
    tenant_secrets: tuple[Annotated[str, Field(min_length=1, max_length=512)], ...] = Field(
        default=("os.environ/LANGFUSE_{TENANT}_PUBLIC_KEY", "os.environ/LANGFUSE_{TENANT}_SECRET_KEY"),
        description="References that tenants' rules may name, so that no tenant reads what is not its own: `{tenant}` "
        "stands for the tenant's id, `{TENANT}` for the same in capitals with `_` for all but letters and digits, `*` "
        "for anything without a slash.",
    )
    shared_prompts: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        default=(),
        description="Globs of names of prompts in the gateway's own project that any tenant may use; those in a "
        "project of its own a tenant may always use.",
    )
    prompt_cache_for: Seconds = Field(
        default=60.0, description="Seconds for which a worker remembers a prompt; longer while Langfuse is away."
    )

    @model_validator(mode="after")
    def _references_lead_somewhere(self) -> Self:
        """What was written down on purpose is there; Langfuse's own variables may be."""
        for reference in (self.public_key, self.secret_key) if self.enabled else ():
            if reference is not None:
                reference.reveal()
        return self


@dataclass(frozen=True, slots=True)
class Project:
    """A project of Langfuse, as its keys say.

    Attributes:
        tenant_id: the tenant whose own it is, as far as its rules say; ``None`` for the gateway's.
    """

    host: str
    public_key: str
    secret_key: str = field(repr=False)
    tenant_id: str | None = field(default=None, compare=False)

    def headers(self) -> dict[str, str]:
        """Basic authentication, as Langfuse's API wants it."""
        pair = f"{self.public_key}:{self.secret_key}".encode()
        return {"authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}


def has_keys(settings: LangfuseSettings) -> bool:
    """Whether there is to be a project of all tenants: a key was named, or is where Langfuse's users put it. Quick."""
    named = settings.public_key is not None or settings.secret_key is not None
    return settings.enabled and (named or any(os.environ.get(name, "").strip() for name in KEY_VARIABLES))


def default_host(settings: LangfuseSettings) -> str:
    """Where traces go unless a tenant's rules say otherwise.

    Raises:
        ValueError: a variable has no address.
    """
    if settings.host is not None:
        return settings.host
    given = next((name for name in HOST_VARIABLES if os.environ.get(name)), None)
    if given is None:
        return CLOUD
    try:
        return checked_address(os.environ[given].strip())
    except ValueError as error:
        raise ValueError(f"{given} {error}") from None


def default_project(settings: LangfuseSettings) -> Project | None:
    """The project of all tenants without one of their own; ``None`` where no keys are set.

    Raises:
        MissingSecretError: there is one key and not the other.
        ValueError: the address is none.
    """
    if not has_keys(settings):
        return None
    return Project(
        default_host(settings),
        (settings.public_key or PUBLIC_KEY).reveal(),
        (settings.secret_key or SECRET_KEY).reveal(),
    )
