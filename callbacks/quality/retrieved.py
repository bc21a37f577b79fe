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
TAG = re.compile(rf"<(/?)({NAMES})(?: [^<>\n]{{0,200}})?>", re.IGNORECASE)
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
    contexts, text = _elements(text) if "</" in text else ([], text)
    heading = HEADING.search(text)
    if heading:
        end = END.search(text, heading.end())
        contexts.append(text[heading.end() : end.start() if end else None])
        text = text[: heading.start()] + "\n" + (text[end.end() :] if end else "")
    return "\n".join(part.strip() for part in contexts), text.strip()


def _elements(text: str) -> tuple[list[str], str]:
    """The contents of outermost elements, and the text without them; one that does not end is none."""
    contents, rest = [], []
    kept_until, name, opened, begin = 0, "", 0, 0
    for tag in TAG.finditer(text):
        is_end, tag_name = bool(tag[1]), tag[2].lower()
        if not name and not is_end:
            name, opened, begin = tag_name, tag.start(), tag.end()
        elif is_end and tag_name == name:
            contents.append(text[begin : tag.start()])
            rest.append(text[kept_until:opened])
            kept_until, name = tag.end(), ""
    rest.append(text[kept_until:])
    return contents, "\n".join(rest)
