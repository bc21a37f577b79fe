"""Joins the observers of a process."""

from __future__ import annotations

from inferspect.extension import Observer


async def start(observer: Observer) -> None:
    del observer
