"""Refuses requests that do not say which end user they are made for."""

from __future__ import annotations

from typing import Any

from litellm.integrations.custom_logger import CustomLogger

from inferspect.context import Verdict, current
from inferspect.refusal import Refusal


class RequireUser(CustomLogger):
    async def async_pre_call_hook(
        self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: str
    ) -> None:
        context = current()
        if context is None or data.get("user"):
            return
        context.verdicts.append(Verdict("require_user", "block", "input", code="user_missing"))
        raise context.refuse(Refusal(400, "user_missing", "Name the end user in the field `user`.", "user"))


hook = RequireUser()
