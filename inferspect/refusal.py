"""What a hook raises to refuse a request: a status, a stable code and a message that a person can act on."""

from __future__ import annotations

from fastapi import HTTPException


class Refusal(HTTPException):
    """A request refused on purpose.

    The gateway's error middleware turns it into the error shape of the API that was called. The message goes to
    the client: it must name the rule, and must hold no secret, no content of the request and no other tenant's name.

    Args:
        status: HTTP status, 400 to 599.
        code: stable machine-readable reason in snake case, documented in ``docs/errors.md``.
        message: one or two sentences: what was refused and what to do.
        param: the request field that caused it, where there is one.
    """

    def __init__(self, status: int, code: str, message: str, param: str | None = None) -> None:
        super().__init__(
            status_code=status, detail={"error": {"message": message, "code": code, "param": param, "type": code}}
        )
        self.code = code
        self.message = message
        self.param = param
