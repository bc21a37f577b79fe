"""OpenTelemetry: gateway traces to a collector of your own."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from inferspect.observation.addresses import ContentRule, HttpAddress, Share
from inferspect.secret import Secret
from inferspect.section import Bytes, Seconds, Section

TRACES = "/v1/traces"  # where a collector takes them, unless the address has a path


class TracingSettings(Section):
    """OpenTelemetry: gateway traces to a collector of your own. See [OpenTelemetry](opentelemetry.md)."""

    endpoint: HttpAddress | None = Field(
        default=None,
        description="Address of a collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318`; `/v1/traces` "
        "is added where it has no path. Unset, nothing is sent.",
    )
    headers: dict[str, Secret] = Field(
        default={}, description="Headers that go along, such as `authorization`, each a reference to its value."
    )
    content: ContentRule = Field(
        default="none",
        description="`redacted`: requests and answers, as the guardrails leave them, go along; `none`: they do not.",
    )
    service_name: str = Field(default="inferspect", min_length=1, description="`service.name` of the gateway.")
    sample_rate: Share = Field(default=1.0, description="Share of traces that are sent; all of a trace is, or nothing.")
    timeout: Seconds = Field(default=10.0, description="Seconds for a request to the collector.")
    batch: Annotated[int, Field(ge=1, le=1000)] = Field(default=100, description="Most requests' spans sent at once.")
    max_request_bytes: Bytes = Field(
        default=4 * 1024**2, description="Most bytes of that, before compression; a larger one goes alone."
    )
    propagate: tuple[Annotated[str, Field(min_length=1, max_length=256)], ...] = Field(
        default=(),
        description="Which providers get `traceparent` and `tracestate`, so that their spans join the trace: globs of "
        "names of providers, such as `hosted_vllm`, or of ids of deployments. Unset, none does.",
    )

    @model_validator(mode="after")
    def _references_lead_somewhere(self) -> Self:
        if self.endpoint is not None:
            for name, reference in self.headers.items():
                if not name.isascii() or any(sign in name for sign in " :\r\n\t"):
                    raise ValueError(f"headers: {name!r} is no name of a header")
                reference.reveal()
        return self

    @property
    def url(self) -> str | None:
        """Where spans are posted."""
        if self.endpoint is None or urlsplit(self.endpoint).path:
            return self.endpoint
        return self.endpoint + TRACES
