"""Secrets that can be told by how they are written: keys and tokens with a prefix of their own, JWTs, private keys.

Most patterns are those of detect-secrets; ours are for services that it does not know, or knows in an older form.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any, Literal, cast

from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.openai import OpenAIDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

from guardrails.scanning.clues import Clues
from guardrails.scanning.finding import Finding
from guardrails.scanning.words import any_of

MANY = r"[A-Za-z0-9_\-]{16,}"
KEY_GOES_ON = r"[A-Za-z0-9_\-.+/=]*"
WORD_ENDS = r"(?![A-Za-z0-9])"

Patterns = tuple[re.Pattern[str], ...]


class KeyRecognizer:
    """Keys of several services that each begin in a way of their own.

    Args:
        patterns: what keys look like, by how they begin.
    """

    reads: Literal["text"] = "text"
    continuation = KEY_GOES_ON
    SCORE = 0.95

    def __init__(self, entity: str, patterns: dict[str, Patterns]) -> None:
        self.entity = entity
        self.trigger = rf"\b{any_of(patterns)}"
        self.clues = Clues(pattern=re.compile(any_of(patterns)))
        self._beginning = re.compile(self.trigger)
        self._patterns = patterns

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for beginning in self._beginning.finditer(text, start, end):
            for pattern in self._patterns[beginning.group()]:
                match = pattern.match(text, beginning.start(), end)
                if match:
                    yield Finding(self.entity, match.start(), match.end(), self.SCORE, validated=True)


class FormRecognizer:
    """Keys that have no beginning of their own, only a form around something rare."""

    reads: Literal["text"] = "text"
    continuation = KEY_GOES_ON
    SCORE = 0.9

    def __init__(self, entity: str, trigger: str, pattern: str) -> None:
        self.entity = entity
        self.trigger = trigger
        self._pattern = re.compile(rf"(?<![A-Za-z0-9]){pattern}{WORD_ENDS}")

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self._pattern.finditer(text, start, end):
            yield Finding(self.entity, match.start(), match.end(), self.SCORE, validated=True)


def _known(detector: type[RegexBasedDetector], index: int | None = None) -> Patterns:
    """Patterns of detect-secrets."""
    patterns: Patterns = tuple(cast("Any", detector).denylist)
    return patterns if index is None else (patterns[index],)


def _alone(patterns: Patterns) -> Patterns:
    return tuple(re.compile(pattern.pattern + WORD_ENDS) for pattern in patterns)


def _own(pattern: str) -> Patterns:
    return (re.compile(pattern),)


_AWS = _alone(_known(AWSKeyDetector, 0))
_GITHUB = _known(GitHubTokenDetector)
_GITLAB = _known(GitLabTokenDetector)
_TWILIO = _alone(_known(TwilioKeyDetector))
_SLACK = _known(SlackDetector)
_STRIPE = (*_known(StripeDetector), *_own(r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"))

PROVIDER_KEYS = KeyRecognizer(
    "SECRET_PROVIDER_KEY",
    {
        # OpenAI, Anthropic, OpenRouter, DeepSeek, Langfuse, and the virtual keys of LiteLLM.
        "sk-": (*_known(OpenAIDetector), *_own(r"sk-(?=[A-Za-z_\-]{0,40}\d)[A-Za-z0-9_\-]{20,}")),
        "pk-lf-": _own(r"pk-lf-[0-9a-f\-]{30,}"),
        "AIza": _own(r"AIza[A-Za-z0-9_\-]{35}(?![A-Za-z0-9_\-])"),  # Google
        "hf_": _own(r"hf_[A-Za-z]{30,}"),  # Hugging Face
        "gsk_": _own(r"gsk_[A-Za-z0-9]{30,}"),  # Groq
        "xai-": _own(r"xai-[A-Za-z0-9]{40,}"),
        "r8_": _own(r"r8_[A-Za-z0-9]{30,}"),  # Replicate
        "pplx-": _own(r"pplx-[A-Za-z0-9]{30,}"),  # Perplexity
        "nvapi-": _own(rf"nvapi-{MANY}"),
    },
)

CLOUD_KEYS = KeyRecognizer(
    "SECRET_CLOUD_KEY",
    {
        **dict.fromkeys(("A3T", "ABIA", "ACCA", "AKIA", "ASIA"), _AWS),
        "AccountKey=": _own(r"AccountKey=[A-Za-z0-9+/=]{40,}"),  # Azure storage
        "SharedAccessKey=": _own(r"SharedAccessKey=[A-Za-z0-9+/=]{40,}"),  # Azure Service Bus
        "LTAI": _own(rf"LTAI[A-Za-z0-9]{{16,24}}{WORD_ENDS}"),  # Alibaba
        "GOCSPX-": _own(r"GOCSPX-[A-Za-z0-9_\-]{20,}"),  # Google OAuth
        "ya29.": _own(r"ya29\.[A-Za-z0-9_\-.]{20,}"),
        **dict.fromkeys(("doo_v1_", "dop_v1_", "dor_v1_"), _own(r"do[opr]_v1_[0-9a-f]{40,}")),  # DigitalOcean
    },
)

TOKENS = KeyRecognizer(
    "SECRET_TOKEN",
    {
        **dict.fromkeys(("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), _GITHUB),
        "github_pat_": _own(r"github_pat_[A-Za-z0-9_]{22,}"),
        **dict.fromkeys(("glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "GR1348941", "glcbt-", "glimt-"), _GITLAB),
        **dict.fromkeys(("glptt-", "glagent-", "gloas-"), _GITLAB),
        **dict.fromkeys(("xoxa-", "xoxb-", "xoxp-", "xoxo-", "xoxs-", "xoxr-", "https://hooks.slack.com"), _SLACK),
        **dict.fromkeys(("sk_live_", "sk_test_", "rk_live_", "rk_test_"), _STRIPE),
        "whsec_": _own(r"whsec_[A-Za-z0-9+/=]{20,}"),
        "SG.": _known(SendGridDetector),
        "sq0csp-": _known(SquareOAuthDetector),
        "pypi-Ag": _known(PypiTokenDetector),
        "npm_": _own(r"npm_[A-Za-z0-9]{36}"),
        **dict.fromkeys(("AC", "SK"), _TWILIO),
        "AKC": _own(r"AKC[A-Za-z0-9]{40,}"),  # Artifactory
        **dict.fromkeys(("shpat_", "shpca_", "shppa_", "shpss_"), _own(r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}")),
        **dict.fromkeys(("dckr_pat_", "dckr_oat_"), _own(rf"dckr_[po]at_{MANY}")),  # Docker
        "ntn_": _own(r"ntn_[A-Za-z0-9]{30,}"),  # Notion
        "ATATT3": _own(r"ATATT3[A-Za-z0-9_\-=]{40,}"),  # Atlassian
        "PMAK-": _own(r"PMAK-[0-9a-f]{24}-[0-9a-f]{20,}"),  # Postman
        "lin_api_": _own(r"lin_api_[A-Za-z0-9]{30,}"),  # Linear
        "dapi": _own(r"dapi[0-9a-f]{32}"),  # Databricks
        **dict.fromkeys(("hvs.", "hvb.", "hvr."), _own(r"hv[sbr]\.[A-Za-z0-9_\-]{20,}")),  # HashiCorp Vault
        "glsa_": _own(r"glsa_[A-Za-z0-9]{30,}"),  # Grafana
    },
)

TELEGRAM_TOKEN = FormRecognizer("SECRET_TOKEN", r"\d", _known(TelegramBotTokenDetector)[0].pattern)
MAILCHIMP_KEY = FormRecognizer("SECRET_TOKEN", r"-us\d", _known(MailchimpDetector)[0].pattern)
DISCORD_TOKEN = FormRecognizer("SECRET_TOKEN", r"\d", _known(DiscordBotTokenDetector)[0].pattern)


class JwtRecognizer:
    """JSON web tokens, told by a header that names an algorithm; of the rest only the form matters."""

    entity = "SECRET_TOKEN"
    reads: Literal["text"] = "text"
    trigger = r"eyJ[A-Za-z0-9]"
    clues = Clues(parts=("eyj",))
    continuation = KEY_GOES_ON
    TOKEN = re.compile(r"(?<![A-Za-z0-9_\-])(eyJ[A-Za-z0-9_\-]{10,})\.[A-Za-z0-9_\-]*(?:\.[A-Za-z0-9_\-]*)?")

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self.TOKEN.finditer(text, start, end):
            if self._is_header(match.group(1)):
                yield Finding(self.entity, match.start(), match.end(), 1.0, validated=True)

    @staticmethod
    def _is_header(part: str) -> bool:
        try:
            header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        except (binascii.Error, ValueError):
            return False
        return isinstance(header, dict) and ("alg" in header or "enc" in header)


class PrivateKeyRecognizer:
    """Private keys in PEM form, from their first line to what follows the last, and a last line by itself."""

    entity = "SECRET_PRIVATE_KEY"
    reads: Literal["text"] = "text"
    trigger = r"-----(?:BEGIN|END)"
    clues = Clues(parts=("-----",))
    continuation = r"[^-]*"
    NAME = r"(?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    KEY = re.compile(rf"-----BEGIN {NAME}[^-]*(?:-----END {NAME})?|-----END {NAME}")

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self.KEY.finditer(text, start, end):
            yield Finding(self.entity, match.start(), match.end(), 1.0, validated=True)
