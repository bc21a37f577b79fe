"""Which responses are in a sample: the same ones whoever asks, and however often."""

from __future__ import annotations

import hashlib

BYTES = 8
SPAN = 2.0 ** (8 * BYTES)


def is_sampled(event_id: str, share: float, purpose: str) -> bool:
    """Whether a response is in the sample; of a larger share, those of a smaller one are part.

    Args:
        event_id: of the request.
        share: of all responses, from 0 to 1.
        purpose: samples of different purposes are independent of each other.
    """
    digest = hashlib.blake2b(f"{purpose}:{event_id}".encode(), digest_size=BYTES).digest()
    return int.from_bytes(digest, "big") < share * SPAN
