"""Any service that Apprise knows: https://appriseit.com."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from typing import Any

import orjson

from callbacks.alerts.channels.answers import MAYBE_LATER, without_secrets
from callbacks.alerts.channels.channel import Surroundings
from callbacks.alerts.channels.wording import Wording
from callbacks.alerts.notification import Notification
from inferspect.events.delivery import DONE, Delivered, Rejected, Retry
from inferspect.observation.channels import AppriseChannel

TITLE_LIMIT = 250
BODY_LIMIT = 30_000  # Apprise cuts further, to what the service takes
PROGRAM = "callbacks.alerts.channels.apprise_process"
AT_ONCE = 2  # processes of one channel; each takes 65 MB
STARTING = 30.0  # seconds for Python to start and Apprise to be imported, on a busy machine
KINDS = {"critical": "failure", "warning": "warning", "info": "info"}
# What the program needs of the environment: none of the gateway's secrets, and no proxy.
ENVIRONMENT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
STATUS = re.compile(r"\berror=(\d{3})\b")


class AppriseService:
    """Sends each notification by a process of its own, in which only checked addresses can be reached."""

    def __init__(self, settings: AppriseChannel, surroundings: Surroundings) -> None:
        self._settings = settings
        self._networks = [str(network) for network in surroundings.networks]
        self._wording = Wording(settings, TITLE_LIMIT, BODY_LIMIT)
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def send(self, notification: Notification, _notification_id: str) -> Delivered:
        title, body = await self._wording.of(notification)
        url = self._settings.url.reveal()
        order = {
            "url": url,
            "title": title,
            "body": body or title,
            "kind": "success" if notification.type == "alert.resolved" else KINDS[notification.severity],
            "networks": self._networks,
            "timeout": self._settings.timeout,
        }
        try:
            async with self._slots, asyncio.timeout(self._settings.timeout + STARTING):
                result = await _run(orjson.dumps(order))
        except TimeoutError:
            return Retry(f"the service took longer than {self._settings.timeout:g} s")
        if result is None:
            return Retry("the program that runs Apprise failed")
        return _meaning(result, url)

    async def close(self) -> None:
        """Nothing is open between notifications."""


async def _run(order: bytes) -> dict[str, Any] | None:
    """What the program tells; ``None`` where it failed."""
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        PROGRAM,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # may quote the URL; what matters is in the answer
        env=environment,
    )
    try:
        output, _ = await process.communicate(order)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        return None
    result: dict[str, Any] = orjson.loads(output)
    return result


def _meaning(result: dict[str, Any], url: str) -> Delivered:
    if result["sent"]:
        return DONE
    if result["forbidden"]:
        return Rejected(
            f"{', '.join(sorted(set(result['forbidden'])))} is not public and not in access.outgoing_networks"
        )
    reason = without_secrets(result["reason"], [url]) or "Apprise tells no reason"
    status = STATUS.search(result["reason"])
    refused = status is not None and int(status[1]) < 500 and int(status[1]) not in MAYBE_LATER  # noqa: PLR2004
    return Rejected(reason) if refused or not result["known"] else Retry(reason)
