"""Documents that came with a request: which of its texts are context and which are the question.

Context is what tools returned, what an API marks as a document or a search result, and in other texts what stands in
an element such as ``<context>`` or below a heading such as ``Context:``.
"""

from __future__ import annotations

import re

NAMES = (
    r"context|documents?|docs|sources?|passages?|search[ _-]results?|retrieved[ _-](?:context|documents?|passages?)|"
    r"knowledge|excerpts?|references?|ngữ[ _]cảnh|tài[ _]liệu|ngu_canh|tai_lieu|thông[ _]tin[ _]tham[ _]khảo"
)
ELEMENT = re.compile(rf"<({NAMES})(?: [^<>\n]{{0,200}})?>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
HEADING = re.compile(
    rf"^[ \t#*]*(?:(?:relevant|retrieved|provided|the|các)[ \t]+)?(?:{NAMES}|search results)[ \t*]*:[ \t*]*",
    re.IGNORECASE | re.MULTILINE,
)
END = re.compile(
    r"^[ \t#*]*(?:(?:user|my|the)[ \t]+)?(?:questions?|query|instructions?|task|request|answer|câu hỏi|yêu cầu|"
    r"nhiệm vụ|trả lời|hướng dẫn)\b[^\n:]{0,30}:[ \t*]*",
    re.IGNORECASE | re.MULTILINE,
)


def separated(text: str) -> tuple[str, str]:
    """The part of a text that is context, and the rest; in time linear in its length."""
    contexts: list[str] = []
    if "</" in text:
        contexts = [found[2] for found in ELEMENT.finditer(text)]
        text = ELEMENT.sub("\n", text) if contexts else text
    heading = HEADING.search(text)
    if heading:
        end = END.search(text, heading.end())
        contexts.append(text[heading.end() : end.start() if end else None])
        text = text[: heading.start()] + "\n" + (text[end.end() :] if end else "")
    return "\n".join(part.strip() for part in contexts), text.strip()
