"""Where alerts arrive in tests: `NotificationSink` for HTTP, `MailSink` for mail.

docs/testing-doubles.md is its reference.
"""

from .mail import Mail, MailSink
from .sink import NotificationSink

__all__ = ["Mail", "MailSink", "NotificationSink"]
