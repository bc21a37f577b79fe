"""Joins the observers of a process."""

from __future__ import annotations

from callbacks.quality.consumer import QualityConsumer
from callbacks.quality.deepchecks import DeepchecksConsumer
from callbacks.quality.gateway_client import GatewayClient, key_hash
from callbacks.quality.metrics import ScoreMetrics
from callbacks.quality.model_consumer import ModelConsumer
from callbacks.quality.pool import ScoringPool
from callbacks.quality.pool_worker import Configuration
from callbacks.quality.storing import TABLE, ScoreStore
from callbacks.quality.thresholds import Thresholds
from inferspect.extension import Observer
from inferspect.labels.models import ModelLabels
from inferspect.observation.scorer import load_scorer
from inferspect.store.leader import lead

DEEPCHECKS_CHARACTERS = 10_000
LEADER = "quality"


async def start(observer: Observer) -> None:
    """Consume responses; start the processes that score and the comparison with thresholds where this one delivers.

    Raises:
        ValueError: a secret that the settings refer to is not there, or Deepchecks' client is not installed.
    """
    settings = observer.settings.quality
    observer.retained.append(TABLE)
    model_label = ModelLabels(observer.models, settings.metric_models)
    metrics = ScoreMetrics(model_label, tuple(map(load_scorer, settings.scorers)))
    store = ScoreStore(observer, metrics)
    own_key = key_hash(settings.models.key.reveal()) if settings.models else None
    texts = DEEPCHECKS_CHARACTERS if settings.deepchecks else 0
    configuration = Configuration(settings.scorers, settings.max_characters, settings.scorer_deadline, texts)
    pool = ScoringPool(configuration, settings.processes, settings.deadline)
    consumer = QualityConsumer(settings, observer.tenants, store, pool, own_key)
    observer.consumers.add(consumer)
    if settings.models is not None and own_key is not None and settings.enabled:
        client = GatewayClient(settings.models, observer.engine)
        models = ModelConsumer(
            settings.models, observer.engine, observer.tenants, store, client=client, own_key=own_key
        )
        observer.consumers.add(models)
    if settings.deepchecks is not None and settings.enabled:
        observer.consumers.add(DeepchecksConsumer(settings.deepchecks))
    if observer.delivers and settings.enabled:
        observer.in_background(consumer.warm())
        thresholds = Thresholds(observer.engine, observer.tenants, settings.thresholds_every)
        observer.in_background(lead(observer.engine, LEADER, thresholds.run))
