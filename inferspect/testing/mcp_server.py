"""A real MCP server for tests, in this process: what its tools give is set by the test, what they got is kept.

::

    with McpServer() as server:
        server.answers["note"] = CallToolResult(content=[TextContent(type="text", text="...")])
        ...  # have the gateway call the tool `note` at server.url
        assert server.calls == [("note", {"text": "..."})]
"""

from __future__ import annotations

import threading
import time
from typing import Any, Self

import uvicorn
from mcp.server import Server, ServerRequestContext
from mcp.types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams, TextContent, Tool

from inferspect.launcher.ports import free_port

ANYTHING = {"type": "object", "additionalProperties": True}


class McpServer:
    """One server on loopback, from entering to leaving its context; streamable HTTP, without sessions.

    Attributes:
        answers: by tool, what a call gives; a tool that is not named gives back the text of its arguments.
        calls: the calls that came, as tool and arguments, oldest first.
    """

    def __init__(self, tools: tuple[str, ...] = ("note",)) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        self.answers: dict[str, CallToolResult | Exception] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._tools = [Tool(name=name, description=f"Does {name}.", input_schema=ANYTHING) for name in tools]
        server = Server("inferspect-test", on_list_tools=self._list, on_call_tool=self._call)
        application = server.streamable_http_app(stateless_http=True, json_response=True)
        self._server = uvicorn.Server(uvicorn.Config(application, port=self.port, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.should_exit = True
        self._thread.join()

    async def _list(
        self, _context: ServerRequestContext[Any], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=self._tools)

    async def _call(self, _context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        arguments = dict(params.arguments or {})
        self.calls.append((params.name, arguments))
        answer = self.answers.get(params.name)
        if isinstance(answer, Exception):
            raise answer
        said = " ".join(map(str, arguments.values()))
        return answer or CallToolResult(content=[TextContent(type="text", text=said)])
