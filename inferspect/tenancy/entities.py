"""Every entity that guardrails look for, by the name that rules, verdicts and placeholders use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Guardrail = Literal["pii", "secrets", "content_safety", "prompt_injection"]
GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of finding.

    Attributes:
        name: in capitals, such as ``EMAIL_ADDRESS``.
        guardrail: whose rules decide about it.
        description: what it is, in a few words.
        example: a made-up text with a value that is found.
        pack: country pack that a tenant must have for it to be looked for, ``general`` where it always is.
        opt_in: whether it is only looked for where a tenant's rules name it.
    """

    name: str
    guardrail: Guardrail
    description: str
    example: str
    pack: str = GENERAL
    opt_in: bool = False


_PII: Guardrail = "pii"
_SECRETS: Guardrail = "secrets"
_SAFETY: Guardrail = "content_safety"
_INJECTION: Guardrail = "prompt_injection"

_ALL = (
    Entity("EMAIL_ADDRESS", _PII, "e-mail address", "write to jane.doe@example.com"),
    Entity("PHONE_NUMBER", _PII, "phone number of any country", "call +84 912 345 678"),
    Entity("CREDIT_CARD", _PII, "card number", "card 4111 1111 1111 1111"),
    Entity("IBAN_CODE", _PII, "international bank account number", "IBAN DE89 3704 0044 0532 0130 00"),
    Entity("IP_ADDRESS", _PII, "IPv4 or IPv6 address or network", "server 192.0.2.17"),
    Entity("URL", _PII, "URL with credentials or a person's path", "https://jane:hunter2@example.com/inbox"),
    Entity("CRYPTO", _PII, "address of a crypto wallet", "bitcoin 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    Entity("US_SSN", _PII, "US social security number", "SSN 219-09-9998"),
    Entity("MAC_ADDRESS", _PII, "address of a network card", "MAC 00:1B:44:11:3A:B7"),
    Entity("DATE_OF_BIRTH", _PII, "date after words such as `born`", "born on 14 March 1980"),
    Entity("UUID", _PII, "UUID", "id 123e4567-e89b-42d3-a456-426614174000", opt_in=True),
    Entity("PERSON", _PII, "person's name, by cue words and lists of names", "my name is Jane Miller", opt_in=True),
    Entity("VN_CMND", _PII, "Vietnamese identity card, 9 digits", "CMND 023456789", "vn"),
    Entity("VN_CCCD", _PII, "Vietnamese citizen identity card, 12 digits", "CCCD 079203001234", "vn"),
    Entity("VN_TAX_CODE", _PII, "Vietnamese tax code", "mã số thuế 0101243150", "vn"),
    Entity("VN_BANK_ACCOUNT", _PII, "Vietnamese bank account", "số tài khoản 0071001234567", "vn"),
    Entity("VN_ADDRESS", _PII, "Vietnamese postal address", "số 12 đường Lê Lợi, phường Bến Nghé, quận 1", "vn"),
    Entity("SECRET_PROVIDER_KEY", _SECRETS, "key of an LLM provider", "sk-proj-…"),
    Entity("SECRET_CLOUD_KEY", _SECRETS, "key of a cloud provider", "AKIA…"),
    Entity("SECRET_TOKEN", _SECRETS, "token of a service, JWT", "ghp_…"),
    Entity("SECRET_PRIVATE_KEY", _SECRETS, "private key in PEM form", "-----BEGIN PRIVATE KEY-----"),
    Entity("SECRET_CONNECTION_STRING", _SECRETS, "connection string with a password", "postgresql://app:hunter2@db/app"),
    Entity("SECRET_PASSWORD", _SECRETS, "password after a word such as `password`", "password: Tr0ub4dor&3"),
    Entity("SECRET_HIGH_ENTROPY", _SECRETS, "random text after a word such as `secret`", "secret = q7Zr…"),
    Entity("CONTENT_HATE", _SAFETY, "hatred against groups of people", ""),
    Entity("CONTENT_HARASSMENT", _SAFETY, "insults and threats against a person", ""),
    Entity("CONTENT_VIOLENCE", _SAFETY, "calls for violence, and how to do it", ""),
    Entity("CONTENT_SEXUAL", _SAFETY, "sexual content, above all with minors", ""),
    Entity("CONTENT_SELF_HARM", _SAFETY, "suicide and self-harm", ""),
    Entity("CONTENT_ILLICIT", _SAFETY, "making weapons and drugs, fraud", ""),
    Entity("CONTENT_PROFANITY", _SAFETY, "swear words", ""),
    Entity("CONTENT_CUSTOM", _SAFETY, "words of the tenant's own", ""),
    Entity("INJECTION_OVERRIDE", _INJECTION, "telling the model to drop its instructions", ""),
    Entity("INJECTION_PERSONA", _INJECTION, "talking the model into a role without rules", ""),
    Entity("INJECTION_EXTRACTION", _INJECTION, "asking for the system prompt", ""),
    Entity("INJECTION_MARKUP", _INJECTION, "forged roles and chat markup", ""),
    Entity("INJECTION_EXFILTRATION", _INJECTION, "having data sent elsewhere", ""),
    Entity("INJECTION_HIDDEN", _INJECTION, "instructions in invisible or encoded text", ""),
)  # fmt: skip

ENTITIES: dict[str, Entity] = {entity.name: entity for entity in _ALL}
PACKS = frozenset(entity.pack for entity in _ALL if entity.pack != GENERAL)


def register(entity: Entity) -> None:
    """Make an operator's own entity known, before rules that name it are read.

    Raises:
        ValueError: there is another one of this name.
    """
    known = ENTITIES.setdefault(entity.name, entity)
    if known != entity:
        raise ValueError(f"there is an entity {entity.name} already")
