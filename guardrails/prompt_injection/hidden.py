"""Text that a model reads and a person does not see."""

from __future__ import annotations

import re

# A flag of a region is a black flag, letters as tags, and the tag that ends it.
FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f")
TAGS = re.compile("[\U000e0000-\U000e007f]{2}")
# Joiners stand alone in emoji, Arabic and Indic scripts; bits are written with many in a row.
INVISIBLE_RUN = re.compile("[\u200b-\u200f\u2060-\u2064\u206a-\u206f\ufeff\u034f\u180e]{8}")
# One after an emoji or an ideograph chooses its shape; bytes are written with several.
SELECTOR_RUN = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4}")
# Letters drawn from right to left by force, which no script needs for whole words.
FORCED_DIRECTION = re.compile("\u202e[ -~]{8}")


def hidden_text(text: str) -> bool:
    """Whether a text carries characters that write something invisible: tags, runs of zero-width signs or selectors.

    To be asked of the text as it came, since recognizers read it without them; only a text beyond ASCII can be one.
    """
    if text.isascii():
        return False
    if INVISIBLE_RUN.search(text) or SELECTOR_RUN.search(text) or FORCED_DIRECTION.search(text):
        return True
    return TAGS.search(text) is not None and TAGS.search(FLAG.sub("", text)) is not None
