"""What ends a stream on purpose. LiteLLM turns it into an error event of the API that was called."""

from __future__ import annotations

from inferspect.refusal import Refusal


class StreamRefused(Exception):  # noqa: N818  like Refusal
    """An answer refused after it had begun to be written.

    Not a :class:`Refusal`: LiteLLM cuts the connection on an ``HTTPException`` once an answer is streamed, with no
    word to the client. Its handlers read the attributes here: as ``{"error": ...}`` on OpenAI's chat and completions
    and Google's routes, as ``event: error`` on Anthropic's, as ``response.failed`` on the responses API. Before the
    first event it becomes a whole response with the status.

    Args:
        refusal: the reason.
        with_code: whether LiteLLM is to show the code where it shows the status otherwise.
    """

    param: str | None

    def __init__(self, refusal: Refusal, *, with_code: bool) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.message = refusal.message
        self.type = "invalid_request_error" if refusal.status_code < 500 else "api_error"  # noqa: PLR2004  HTTP's own
        self.param = refusal.param
        self.code = refusal.code
        self.status_code = CodedStatus(refusal.status_code, refusal.code) if with_code else refusal.status_code


class CodedStatus(int):
    """A status that is written as the stable code: LiteLLM writes the status where OpenAI's errors have their code."""

    def __new__(cls, status: int, code: str) -> CodedStatus:  # noqa: PYI034  nobody inherits
        made = super().__new__(cls, status)
        made._code = code
        return made

    _code: str

    def __str__(self) -> str:
        return self._code
