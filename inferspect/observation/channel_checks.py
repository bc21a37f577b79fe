"""What is wrong with a channel that only its secrets can tell; nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec

from inferspect.observation.channels import (
    AppriseChannel,
    BaseChannel,
    CustomChannel,
    EmailChannel,
    PagerDutyChannel,
    SlackChannel,
    TeamsChannel,
    WebhookChannel,
)
from inferspect.observation.webhook_secret import signing_key
from inferspect.outgoing.addresses import Network, check_host
from inferspect.outgoing.urls import check_url
from inferspect.secret import MissingSecretError, SecretReference


def problems_of(channel: BaseChannel, networks: Sequence[Network]) -> list[str]:
    """What keeps the channel from sending, as far as it can be known without sending; holds no secret.

    Args:
        networks: that may be reached although they are not public.
    """
    missing = [str(error) for secret in channel.secrets() if (error := _missing(secret)) is not None]
    return missing or list(_wrong_with(channel, networks))


def _missing(secret: SecretReference) -> MissingSecretError | None:
    try:
        secret.reveal()
    except MissingSecretError as error:
        return error
    return None


def _wrong_with(channel: BaseChannel, networks: Sequence[Network]) -> Iterator[str]:
    if isinstance(channel, SlackChannel | TeamsChannel | PagerDutyChannel | WebhookChannel):
        yield from _raised(_place(channel.url), partial(_check_destination, channel.url, networks))
    if isinstance(channel, WebhookChannel):
        for secret in (channel.secret, channel.previous_secret):
            if secret is not None:
                yield from _raised("secret", partial(signing_key, secret))
    if isinstance(channel, EmailChannel):
        yield from _raised("host", partial(check_host, channel.host, networks))
    if isinstance(channel, AppriseChannel):
        yield from _raised(_place(channel.url), lambda: _check_apprise(channel.url.reveal()))
    if isinstance(channel, CustomChannel):
        yield from _raised("factory", lambda: _check_module(channel.factory.partition(":")[0]))


def _raised(what: str, check: Callable[[], object]) -> Iterator[str]:
    try:
        check()
    except ValueError as error:
        yield f"{what}: {error}"


def _place(url: SecretReference | str) -> str:
    """A URL itself may hold a token."""
    return f"url ({url})" if isinstance(url, SecretReference) else "url"


def _check_destination(url: SecretReference | str, networks: Sequence[Network]) -> None:
    parsed = check_url(url.reveal() if isinstance(url, SecretReference) else url)
    check_host(parsed.raw_host.decode("ascii"), networks, encrypted=parsed.scheme == "https")


def _check_apprise(url: str) -> None:
    from apprise import Apprise  # noqa: PLC0415  half a second, for those who use it

    if Apprise.instantiate(url, suppress_exceptions=True) is None:
        raise ValueError("it is no URL that Apprise knows")


def _check_module(name: str) -> None:
    try:
        found = find_spec(name)
    except (ImportError, ValueError):
        found = None
    if found is None:
        raise ValueError(f"there is no module {name}")
