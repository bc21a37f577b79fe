"""Words that say what the number after them is. The nearest one counts: ``CMND 023456789, STK 0071001234567``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from guardrails.scanning.folding import fold
from guardrails.scanning.words import any_of

Kind = Literal["identity", "tax", "bank", "bank_name", "amount", "other"]

REACH = 60
"""How many characters before a number a cue may stand."""

WORDS: dict[Kind, tuple[str, ...]] = {
    "identity": (
        "cmnd", "so cmnd", "so cccd", "cmtnd", "cmt", "cccd", "chung minh nhan dan", "chung minh thu",
        "so chung minh", "giay chung minh", "can cuoc", "can cuoc cong dan", "ma dinh danh", "so dinh danh",
        "dinh danh ca nhan", "identity card", "identity number", "identification number", "id card", "citizen id",
        "citizen identity", "national id",
    ),
    "tax": (
        "mst", "ma so thue", "ma thue", "so thue", "tax code", "tax id", "tax number", "tax no",
        "tax identification number",
    ),
    "bank": (
        "stk", "so tai khoan", "so tk", "tk", "tknh", "tai khoan", "account", "account number", "account no",
        "bank account", "acct", "acct no", "a/c",
    ),
    "bank_name": (
        "vietcombank", "vcb", "techcombank", "tcb", "mb bank", "mbbank", "ngan hang mb", "ngan hang quan doi", "acb",
        "bidv", "agribank", "vietinbank", "ctg", "tpbank", "tp bank", "sacombank", "stb", "vpbank", "vp bank", "vib",
        "shb", "hdbank", "hd bank", "ocb", "seabank", "msb", "eximbank", "lpbank", "lienvietpostbank", "scb",
        "namabank", "nam a bank", "bac a bank", "pvcombank", "abbank", "vietabank", "ncb", "kienlongbank",
        "baovietbank", "pgbank", "saigonbank", "vietbank", "bvbank", "shinhan", "shinhan bank", "woori bank", "hsbc",
        "standard chartered", "uob", "cake", "timo", "cimb",
    ),
    "amount": (
        "so du", "so tien", "con", "co", "du", "nap", "rut", "chuyen", "chuyen khoan", "gui", "tra", "phi", "gia",
        "balance", "amount", "has", "transfer", "transferred", "sent", "paid",
    ),
    "other": (
        "sdt", "dt", "so dien thoai", "dien thoai", "phone", "mobile", "hotline", "fax", "tel", "zalo", "ma don",
        "don hang", "order", "hoa don", "invoice", "van don", "tracking", "imei", "serial", "ma khach hang", "otp",
        "ho chieu", "passport", "bhxh", "bhyt", "barcode", "ma vach", "isbn", "ma giao dich", "transaction",
    ),
}  # fmt: skip

# The keys of JSON members write words together or with underscores: soTaiKhoan, tax_code.
GAP = r"[\s_\-]{0,2}"


def _named(kind: Kind, words: tuple[str, ...]) -> str:
    return f"(?P<{kind}>{any_of(words)})".replace("\\ ", GAP)


BOUNDARY_BEFORE, BOUNDARY_AFTER = r"(?<![a-z0-9])", r"(?![a-z0-9])"
CUES = re.compile(f"{BOUNDARY_BEFORE}(?:{'|'.join(_named(*item) for item in WORDS.items())}){BOUNDARY_AFTER}")
BANK_AFTER = re.compile(
    rf"[\s,;:(\-]{{1,4}}(?:ngan hang |nh |bank |tai )?(?:{any_of(WORDS['bank_name'])}){BOUNDARY_AFTER}"
)
OF_BANKS = re.compile(
    f"{BOUNDARY_BEFORE}(?:{_named('bank', WORDS['bank'])}|{_named('bank_name', WORDS['bank_name'])}){BOUNDARY_AFTER}"
)
MONEY_AFTER = re.compile(rf"[ .,]?(?:d|dong|vnd|usd|k|tr|trieu|ty|ti|eur|euro|%){BOUNDARY_AFTER}")


@dataclass(frozen=True, slots=True)
class Cue:
    """One cue in the text before a number.

    Attributes:
        kind: what it says the number is.
        after: the text between it and the number, folded.
    """

    kind: Kind
    after: str


def before(text: str, begin: int) -> list[Cue]:
    """The cues in the 60 characters before ``begin``, the nearest first."""
    context = fold(text[max(0, begin - REACH) : begin])
    return [Cue(match.lastgroup, context[match.end() :]) for match in CUES.finditer(context)][::-1]  # type: ignore[arg-type]


def kind_before(text: str, begin: int) -> Kind | None:
    """What the nearest cue says a number is that no bank account and no amount could be mistaken for."""
    return next((cue.kind for cue in before(text, begin) if cue.kind not in {"amount", "bank_name"}), None)
