"""Inline applications around which a middleware is put, called as a server would call them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

Client = Callable[[ASGIApp], httpx.AsyncClient]
Serve = Callable[[ASGIApp], AbstractAsyncContextManager[str]]


@pytest.fixture
def client() -> Client:
    """A client of an application in this process."""

    def made(app: ASGIApp, peer: str = "192.0.2.1") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(peer, 1234))
        return httpx.AsyncClient(transport=transport, base_url="http://gateway")

    return made


@pytest.fixture
def serve() -> Serve:
    """Runs an application on a port with the server that the gateway uses."""

    @asynccontextmanager
    async def running(app: ASGIApp) -> AsyncIterator[str]:
        config = uvicorn.Config(app, port=0, loop="none", http="httptools", log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await serving

    return running
