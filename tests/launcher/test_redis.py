from __future__ import annotations

from pathlib import Path

import pytest
import redis.asyncio
from redis.exceptions import AuthenticationError

from inferspect.launcher.home import Home
from inferspect.launcher.redis import EmbeddedRedis
from inferspect.launcher.service import Service


async def test_redis_keeps_its_data_over_a_restart_and_asks_for_its_password(tmp_path: Path) -> None:
    """A folder with a blank in its name is no problem."""
    home = Home(tmp_path / "my data")
    for round_ in (1, 2):
        embedded = EmbeddedRedis(home, "password")
        service = Service(embedded.program())
        await service.start()
        client = redis.asyncio.Redis.from_url(embedded.url)
        assert await client.incr("count") == round_
        await client.aclose()
        stranger = redis.asyncio.Redis.from_url(embedded.url.replace("password", "wrong"))
        with pytest.raises(AuthenticationError):
            await stranger.ping()
        await stranger.aclose()
        await service.stop(5)
    assert (home.run / "redis.conf").stat().st_mode & 0o077 == 0
