"""Keccak-256, the hash of Ethereum; ``hashlib`` has only SHA-3, which pads differently.

Source: the Keccak reference, https://keccak.team/keccak_specs_summary.html.
"""

from __future__ import annotations

RATE = 136  # bytes, for 256 bits
MASK = (1 << 64) - 1
ROUNDS = 24


def _round_constants() -> list[int]:
    """By the linear feedback shift register of the specification."""
    constants, register = [], 1
    for _ in range(ROUNDS):
        constant = 0
        for exponent in range(7):
            if register & 1:
                constant |= 1 << ((1 << exponent) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return constants


def _moves() -> list[tuple[int, int, int]]:
    """For each lane after the first: where from, where to, by how many bits turned (the steps rho and pi)."""
    moves, x, y = [], 1, 0
    for step in range(24):
        moves.append((x + 5 * y, y + 5 * ((2 * x + 3 * y) % 5), (step + 1) * (step + 2) // 2 % 64))
        x, y = y, (2 * x + 3 * y) % 5
    return moves


CONSTANTS = _round_constants()
MOVES = _moves()


def keccak_256(message: bytes) -> bytes:
    """The Keccak-256 hash of ``message``, 32 bytes."""
    padded = bytearray(message + b"\1" + bytes(-(len(message) + 1) % RATE))
    padded[-1] |= 0x80
    lanes = [0] * 25
    for block in range(0, len(padded), RATE):
        for lane in range(RATE // 8):
            lanes[lane] ^= int.from_bytes(padded[block + 8 * lane : block + 8 * lane + 8], "little")
        lanes = _permuted(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _permuted(lanes: list[int]) -> list[int]:
    for constant in CONSTANTS:
        columns = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        turned = [(column << 1 | column >> 63) & MASK for column in columns]
        mixes = [columns[x - 1] ^ turned[(x + 1) % 5] for x in range(5)]
        moved = [lanes[0] ^ mixes[0]] * 25
        for source, target, bits in MOVES:
            lane = lanes[source] ^ mixes[source % 5]
            moved[target] = (lane << bits | lane >> (64 - bits)) & MASK
        lanes = [
            moved[y + x] ^ (~moved[y + (x + 1) % 5] & moved[y + (x + 2) % 5]) for y in range(0, 25, 5) for x in range(5)
        ]
        lanes[0] ^= constant
    return lanes
