"""Where notifications are sent: one model for each kind of channel, told apart by ``type``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, TypeAdapter, field_validator, model_validator

from inferspect.observation.alert_rules import Severity
from inferspect.observation.channel_templates import (
    BODY,
    TITLE,
    Escape,
    NotificationTemplate,
    as_it_is,
    for_slack,
    without_mentions,
)
from inferspect.outgoing.urls import check_url
from inferspect.secret import ENVIRONMENT, FILE, Secret, SecretReference
from inferspect.section import Seconds, Section

SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")


def _url(value: str) -> str:
    check_url(value)
    return value


def _line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line without control characters")
    return value


def _mailbox(value: str) -> str:
    name, at, domain = _line(value).rpartition("@")
    if not (name and at and domain) or not value.isascii() or any(character in value for character in " ,;<>\"'()"):
        raise ValueError("must be one address such as oncall@example.com, without a name")
    return value


def _destination(value: Any) -> SecretReference | str:
    """One message for what is neither a reference nor a URL."""
    if isinstance(value, SecretReference):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a URL, or a reference to one")  # noqa: TRY004  pydantic tells ValueErrors
    return REFERENCE.validate_python(value) if value.startswith((ENVIRONMENT, FILE)) else _url(value)


REFERENCE: TypeAdapter[SecretReference] = TypeAdapter(SecretReference)
PlainUrl = Annotated[str, AfterValidator(_url)]
Destination = Annotated[SecretReference | str, PlainValidator(_destination, json_schema_input_type=str)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Line = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_line)]


class BaseChannel(Section):
    """What every channel has."""

    tenants: tuple[str, ...] | None = Field(
        default=None,
        description="Ids or aliases of the tenants whose alerts are sent; unset: those of all, and of the gateway.",
    )
    min_severity: Severity = Field(default="info", description="Alerts below this severity are not sent.")
    timeout: Seconds = Field(default=10.0, le=120, description="Seconds for sending one notification.")

    def takes(self, severity: Severity, tenant_id: str | None, tenant_alias: str | None) -> bool:
        """Whether an alert of this severity and tenant is sent; without a tenant it is one of the whole gateway."""
        if SEVERITIES.index(severity) < SEVERITIES.index(self.min_severity):
            return False
        return self.tenants is None or any(name in self.tenants for name in (tenant_id, tenant_alias) if name)

    def secrets(self) -> Iterator[SecretReference]:
        """All references to secrets of this channel."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            for secret in value.values() if isinstance(value, dict) else (value,):
                if isinstance(secret, SecretReference):
                    yield secret


class WordedChannel(BaseChannel):
    """A channel whose notifications have a title and a text."""

    title: str | None = Field(
        default=None,
        max_length=10_000,
        description="Jinja template of the title, one line; unset: [the built-in one](notifications.md#templates).",
    )
    body: str | None = Field(
        default=None,
        max_length=100_000,
        description="Jinja template of the text; unset: [the built-in one](notifications.md#templates).",
    )

    @field_validator("title", "body")
    @classmethod
    def _renders(cls, value: str | None) -> str | None:
        if value is not None:
            NotificationTemplate(value, cls.escape())
        return value

    @classmethod
    def escape(cls) -> Escape:
        """What makes a value harmless in this channel's markup."""
        return as_it_is

    def templates(self) -> tuple[NotificationTemplate, NotificationTemplate]:
        """The compiled templates of title and text."""
        title = TITLE if self.title is None else self.title
        body = BODY if self.body is None else self.body
        return NotificationTemplate(title, self.escape()), NotificationTemplate(body, self.escape())


class SlackChannel(WordedChannel):
    """Slack, by an incoming webhook."""

    type: Literal["slack"] = Field(description="Kind of channel.")
    url: Secret = Field(description="Reference to the URL of the webhook, which is a secret.")

    @classmethod
    def escape(cls) -> Escape:
        return for_slack


class TeamsChannel(WordedChannel):
    """Microsoft Teams, by a workflow that takes webhook requests."""

    type: Literal["teams"] = Field(description="Kind of channel.")
    url: Secret = Field(description="Reference to the URL of the workflow, which is a secret.")


class PagerDutyChannel(WordedChannel):
    """PagerDuty, by its Events API v2: an incident for each alert, resolved with it."""

    type: Literal["pagerduty"] = Field(description="Kind of channel.")
    routing_key: Secret = Field(description="Reference to the integration key of the service.")
    url: PlainUrl = Field(
        default="https://events.pagerduty.com/v2/enqueue",
        description="Where events are sent; in Europe `https://events.eu.pagerduty.com/v2/enqueue`.",
    )


class EmailChannel(WordedChannel):
    """E-mail, by an SMTP server."""

    type: Literal["email"] = Field(description="Kind of channel.")
    host: Line = Field(description="Name of the SMTP server.")
    port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="`tls` from the first byte, as on port 465; `none` is without encryption, and without a login.",
    )
    username: Line | None = Field(default=None, description="Name to log in with.")
    password: Secret | None = Field(default=None, description="Reference to the password.")
    sender: Mailbox = Field(description="Address that it comes from.")
    recipients: tuple[Mailbox, ...] = Field(min_length=1, description="Addresses that it goes to.")

    @model_validator(mode="after")
    def _whole(self) -> EmailChannel:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password are given together, or neither")
        if self.username is not None and self.security == "none":
            raise ValueError("a password is not sent without encryption: set security to starttls or tls")
        return self


class AppriseChannel(WordedChannel):
    """Any service that Apprise knows, by its URL."""

    type: Literal["apprise"] = Field(description="Kind of channel.")
    url: Secret = Field(description="Reference to the Apprise URL, such as `discord://...`, which is a secret.")

    @classmethod
    def escape(cls) -> Escape:
        return without_mentions


class WebhookChannel(BaseChannel):
    """A receiver of your own: JSON, signed by the Standard Webhooks scheme."""

    type: Literal["webhook"] = Field(description="Kind of channel.")
    url: Destination = Field(description="Where it is sent, or a reference to that.")
    secret: Secret = Field(description="Reference to the secret that signs it, `whsec_` and base64.")
    previous_secret: Secret | None = Field(
        default=None, description="Reference to the one before, which signs, too, while receivers change over."
    )


class CustomChannel(BaseChannel):
    """A channel of your own."""

    type: Literal["custom"] = Field(description="Kind of channel.")
    factory: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")] = Field(
        description="What makes the channel, as `package.module:name`."
    )
    options: dict[str, Any] = Field(default={}, description="What it wants to know.")
    credentials: dict[str, Secret] = Field(default={}, description="References to the secrets that it needs, by name.")


ChannelSettings = Annotated[
    SlackChannel | TeamsChannel | PagerDutyChannel | EmailChannel | AppriseChannel | WebhookChannel | CustomChannel,
    Field(discriminator="type"),
]
