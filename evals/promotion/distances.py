"""By what texts are told apart: their own characters, or vectors that a model of the gateway makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evals.promotion.diversity import Distance, by_characters, by_vectors
from inferspect.asking import GatewayUnavailableError, RunningGateway, running_gateway
from inferspect.settings import LaunchSettings

BATCH = 64


def distances_of(launch: LaunchSettings, model: str | None) -> Callable[[Sequence[str]], Distance]:
    """By characters, or by the vectors of a model.

    What is returned raises ``GatewayUnavailableError`` where the gateway makes no vectors.
    """
    if model is None:
        return by_characters

    def distances(texts: Sequence[str]) -> Distance:
        with running_gateway(launch) as gateway:
            return by_vectors([vector for batch in _batches(texts) for vector in _vectors(gateway, model, batch)])

    return distances


def _batches(texts: Sequence[str]) -> list[list[str]]:
    return [list(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]


def _vectors(gateway: RunningGateway, model: str, texts: list[str]) -> list[list[float]]:
    answer = gateway.post("/v1/embeddings", {"model": model, "input": texts, "encoding_format": "float"})
    try:
        vectors = {int(one["index"]): [float(value) for value in one["embedding"]] for one in answer["data"]}
        return [vectors[number] for number in range(len(texts))]
    except (KeyError, TypeError, ValueError):
        raise GatewayUnavailableError(f"The model {model!r} gave no vector for each text.") from None
