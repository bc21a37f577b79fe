"""Recognizers of keys, tokens and passwords."""

from guardrails.scanning.recognizer import Recognizer
from guardrails.secrets.assignments import ConnectionStringRecognizer, HighEntropyRecognizer, PasswordRecognizer
from guardrails.secrets.keys import (
    CLOUD_KEYS,
    DISCORD_TOKEN,
    MAILCHIMP_KEY,
    PROVIDER_KEYS,
    TELEGRAM_TOKEN,
    TOKENS,
    JwtRecognizer,
    PrivateKeyRecognizer,
)

SECRETS: tuple[Recognizer, ...] = (
    PROVIDER_KEYS,
    CLOUD_KEYS,
    TOKENS,
    TELEGRAM_TOKEN,
    MAILCHIMP_KEY,
    DISCORD_TOKEN,
    JwtRecognizer(),
    PrivateKeyRecognizer(),
    ConnectionStringRecognizer(),
    PasswordRecognizer(),
    HighEntropyRecognizer(),
)

__all__ = ["SECRETS"]
