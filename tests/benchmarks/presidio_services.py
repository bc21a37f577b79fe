"""Stand-ins for Presidio's analyzer and anonymizer services: `python -m tests.benchmarks.presidio_services`.

Each answers after 10 ms, which is quick for the real ones. They find e-mail addresses, so that both are needed. One
JSON line with the address of both is printed once connections are accepted.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal

from aiohttp import web

SECONDS = 0.01
EMAIL = re.compile(r"[\w.]+@[\w.]+\w")


async def analyze(request: web.Request) -> web.Response:
    text = (await request.json())["text"]
    await asyncio.sleep(SECONDS)
    found = [
        {"entity_type": "EMAIL_ADDRESS", "start": match.start(), "end": match.end(), "score": 1.0}
        for match in EMAIL.finditer(text)
    ]
    return web.json_response(found)


async def anonymize(request: web.Request) -> web.Response:
    text = (await request.json())["text"]
    await asyncio.sleep(SECONDS)
    items = [{"entity_type": "EMAIL_ADDRESS", "operator": "replace"} for _ in EMAIL.finditer(text)]
    return web.json_response({"text": EMAIL.sub("<EMAIL_ADDRESS>", text), "items": items})


async def serve() -> None:
    """Serve both until SIGTERM."""
    application = web.Application()
    application.router.add_post("/analyze", analyze)
    application.router.add_post("/anonymize", anonymize)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)  # noqa: T201 - whoever started the process reads it
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
