"""The consumer ``deepchecks``: answers with their scores go to Deepchecks' hosted product.

Its client is an extra, ``inferspect[deepchecks]``, and is imported where the settings name an application only.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from callbacks.quality.storing import DEEPCHECKS
from inferspect.events.delivery import DONE, Delivered, Delivery, Rejected, Retry

if TYPE_CHECKING:
    from inferspect.events.event import GatewayEvent
    from inferspect.observation.quality import DeepchecksSettings

BATCH = 50
PACKAGE = "deepchecks_llm_client"


class DeepchecksConsumer:
    """Logs interactions in batches; one that is there already is ignored there, by its id.

    Raises:
        ValueError: the client is not installed.
    """

    name = DEEPCHECKS
    needs_content = False
    batch = BATCH

    def __init__(self, settings: DeepchecksSettings) -> None:
        self._settings = settings
        self._token = settings.token.reveal()
        self._client: Any = None
        try:
            self._module: Any = importlib.import_module(f"{PACKAGE}.client")
            self._types: Any = importlib.import_module(f"{PACKAGE}.data_types")
        except ImportError:
            raise ValueError(
                "inferspect.quality.deepchecks is set, but its client is not installed: install deepchecks-llm-client"
            ) from None
        # It logs what the server answers to a batch that it does not take, which may quote the texts.
        logging.getLogger(PACKAGE).setLevel(logging.CRITICAL)

    def wants(self, event: GatewayEvent) -> bool:
        """No request by itself: what is scored is posted."""
        del event
        return False

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Delivered]:
        interactions, outcomes = [], []
        for delivery in deliveries:
            try:
                interactions.append(self._interaction(delivery.message))
                outcomes.append(True)
            except (KeyError, TypeError):
                outcomes.append(False)
        result: Delivered = DONE
        if interactions:
            try:
                await asyncio.to_thread(self._send, interactions)
            except Exception as error:  # noqa: BLE001  whatever the client raises, it may quote what was sent
                result = Retry(f"Deepchecks did not take it: {type(error).__name__}")
        return [result if is_one else Rejected("no message of scores") for is_one in outcomes]

    async def close(self) -> None:
        self._client = None

    def _send(self, interactions: list[Any]) -> None:
        settings = self._settings
        if self._client is None:  # made here, as it calls the server
            self._client = self._module.DeepchecksLLMClient(
                host=settings.host, api_token=self._token, log_level=logging.CRITICAL
            )
        self._client.log_batch_interactions(
            settings.application, settings.version, settings.environment, interactions, ignore_duplicates=True
        )

    def _interaction(self, message: dict[str, Any]) -> Any:
        started, seconds = message["started_at"], message["seconds"]
        properties = {**message["scores"], **{f"{name} label": said for name, said in message["labels"].items()}}
        return self._types.LogInteraction(
            user_interaction_id=message["id"],
            input=message["question"],
            output=message["answer"],
            information_retrieval=message["context"] or None,
            started_at=started,
            finished_at=None if seconds is None else started + seconds,
            session_id=message["session_id"],
            input_tokens=message["input_tokens"],
            output_tokens=message["output_tokens"],
            model=message["model"],
            model_provider=message["provider"],
            metadata={"tenant": message["tenant_id"] or ""},
            user_value_properties=[
                self._types.UserValueProperty(name=name, value=value) for name, value in properties.items()
            ],
        )
