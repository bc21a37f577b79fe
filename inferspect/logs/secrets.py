"""What looks like a key never reaches the log."""

from __future__ import annotations

import re

# The finished line is searched, where JSON has made two characters of a line break: `\nsk-…` is a key, `risk-…` is not.
SECRETS = re.compile(
    r"(?P<key>(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))(?:(?:sk|pk|rk|xox[a-z])-[A-Za-z0-9_\-]{8,}|whsec_[A-Za-z0-9+/=]{8,}"
    r"|AKIA[0-9A-Z]{16}\b))"
    r"|(?P<bearer>(?i:bearer|authorization\W{1,8}basic)(?:\s|\\+[nrt])+[A-Za-z0-9._~+/\-]{8,}=*)"
    r"|(?<=://)(?P<login>[^\s:/@\"',]*:[^\s/\"',]+)(?=@)"
)


def without_secrets(text: str) -> str:
    """The text with API keys, tokens of ``Authorization`` headers and logins in URLs replaced by ``[secret]``."""
    return SECRETS.sub("[secret]", text)
