import pytest

from guardrails.pii.recognizers.crypto import has_eip55_checksum
from guardrails.pii.recognizers.keccak import keccak_256

# The first two are known from Ethereum, as the code hash of an empty account and the name of an event.
HASHES = {
    b"": "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
    b"Transfer(address,address,uint256)": "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
}


@pytest.mark.parametrize(("message", "digest"), HASHES.items())
def test_known_hashes(message: bytes, digest: str) -> None:
    assert keccak_256(message).hex() == digest


def test_each_length_around_a_block_has_its_own_hash() -> None:
    """A block is 136 bytes; padding fills it, or a new one."""
    assert len({keccak_256(b"a" * length) for length in range(130, 280)}) == 150


@pytest.mark.parametrize(
    ("digits", "is_valid"),
    [
        ("D1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb", True),
        ("dbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", True),
        ("DbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", False),
        ("dbf03b407c01e7cd3cbea99509d93f8dddc8c6fb", False),
        ("1234567890" * 4, False),
    ],
)
def test_case_of_an_ethereum_address_is_its_checksum(digits: str, is_valid: bool) -> None:
    assert has_eip55_checksum(digits) is is_valid
