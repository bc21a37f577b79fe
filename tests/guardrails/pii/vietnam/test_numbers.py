"""Identity cards, tax codes and bank accounts."""

import random
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.pii.vietnam import VIETNAM
from guardrails.pii.vietnam.provinces import PROVINCE_CODES
from guardrails.pii.vietnam.tax_code import is_tax_code
from guardrails.scanning.folding import fold
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import Scan

Values = Callable[[str, str], list[str]]

# Entity, text before, value, text after.
POSITIVES = [
    ("VN_CMND", "CMND ", "023456789", ""),
    ("VN_CMND", "Số CMND: ", "023 456 789", " cấp ngày 12/05/2010"),
    ("VN_CMND", "chứng minh nhân dân số ", "271234567", " do CA Đồng Nai cấp"),
    ("VN_CMND", "giấy CMND ", "371.234.567", "."),
    ("VN_CMND", "CMT ", "123456789", ", cấp tại Bắc Giang"),
    ("VN_CMND", "CMND/CCCD: ", "023456789", ""),
    ("VN_CMND", "identity card no. ", "191234567", " issued in Hue"),
    ("VN_CMND", "my ID card is ", "023-456-789", ""),
    ("VN_CMND", "SĐT 0912345678, CMND ", "023456789", ""),
    ("VN_CMND", "CMND ", "023456789", " 0912345678"),
    ("VN_CMND", "so_cmnd=", "023456789", "&x=1"),
    ("VN_CCCD", "CCCD ", "079203001234", ""),
    ("VN_CCCD", "Số CCCD gắn chip: ", "079 203 001 234", " cấp 2021"),
    ("VN_CCCD", "căn cước công dân ", "001099012345", ""),
    ("VN_CCCD", "CMND/CCCD: ", "0010 9901 2345", ""),
    ("VN_CCCD", "mã định danh ", "001.199.012345", ""),
    ("VN_CCCD", "citizen id ", "048185000111", " please"),
    ("VN_CCCD", "MST cá nhân ", "079203001234", ""),
    ("VN_CCCD", "khách gửi ", "079203001234", " hôm nay"),
    ("VN_TAX_CODE", "MST ", "0101243150", ""),
    ("VN_TAX_CODE", "mã số thuế: ", "0101243150-001", ""),
    ("VN_TAX_CODE", "Mã số thuế ", "0101 243 150", " của công ty"),
    ("VN_TAX_CODE", "Mã số thuế: ", "0 1 0 1 2 4 3 1 5 0", ""),
    ("VN_TAX_CODE", "tax code ", "0101243150", ", Hanoi"),
    ("VN_TAX_CODE", "taxCode ", "0101243150", ""),
    ("VN_TAX_CODE", "chi nhánh ", "0101243150-001", " ở Huế"),
    ("VN_BANK_ACCOUNT", "số tài khoản ", "0071001234567", ""),
    ("VN_BANK_ACCOUNT", "STK: ", "19033445566018", " Techcombank"),
    ("VN_BANK_ACCOUNT", "stk ", "123456", " ACB"),
    ("VN_BANK_ACCOUNT", "số tk vietcombank ", "0071 0012 34567", ""),
    ("VN_BANK_ACCOUNT", "account number is ", "0071001234567", "."),
    ("VN_BANK_ACCOUNT", "chuyển khoản vào ", "0071001234567", " - VCB - Nguyen Van A"),
    ("VN_BANK_ACCOUNT", "ngân hàng BIDV ", "12010001234567", ""),
    ("VN_BANK_ACCOUNT", "gửi 500.000đ vào tài khoản của tôi: ", "0071001234567", " nhé"),
    ("VN_BANK_ACCOUNT", "so_tai_khoan: ", "0071001234567", ""),
    ("VN_BANK_ACCOUNT", "CCCD 079203001234, STK ", "001099012345", ""),
]  # fmt: skip

NEGATIVES = [
    ("VN_CMND", "đơn hàng 023456789"),
    ("VN_CMND", "CMND 993456789"),
    ("VN_CMND", "CMND 0234567891"),
    ("VN_CMND", "CMND 079 203 001 234"),
    ("VN_CMND", "CMND đã nộp, mã đơn hàng 123456789"),
    ("VN_CMND", "Tôi mất CMND, số điện thoại 123456789"),
    ("VN_CMND", "CMND của tôi hết hạn năm 2020"),
    ("VN_CMND", "ref A023456789 CMND"),
    ("VN_CCCD", "order 079203001234"),
    ("VN_CCCD", "mã đơn 079203001234"),
    ("VN_CCCD", "lúc 202405121430"),
    ("VN_CCCD", "CCCD 003203001234"),
    ("VN_CCCD", "CCCD 079903001234"),
    ("VN_CCCD", "CCCD 079299001234"),
    ("VN_CCCD", "số 000000000123"),
    ("VN_CCCD", "UPC 036000291452"),
    ("VN_CCCD", "1079203001234"),
    ("VN_CCCD", "id=x079203001234"),
    ("VN_CCCD", "079203001234.5"),
    ("VN_TAX_CODE", "0101243150"),
    ("VN_TAX_CODE", "MST 0101243151"),
    ("VN_TAX_CODE", "điện thoại 0101243150"),
    ("VN_TAX_CODE", "0101243151-001"),
    ("VN_TAX_CODE", "MST 01012431501"),
    ("VN_TAX_CODE", "thuế thu nhập 0101243150"),
    ("VN_BANK_ACCOUNT", "0071001234567"),
    ("VN_BANK_ACCOUNT", "tài khoản có 12.000.000 đồng"),
    ("VN_BANK_ACCOUNT", "tài khoản còn 5000000"),
    ("VN_BANK_ACCOUNT", "nạp vào tài khoản 500000đ"),
    ("VN_BANK_ACCOUNT", "chuyển khoản 15000000 VND"),
    ("VN_BANK_ACCOUNT", "chuyển khoản 15000000 cho em"),
    ("VN_BANK_ACCOUNT", "hotline Vietcombank 1900545413"),
    ("VN_BANK_ACCOUNT", "Đăng nhập tài khoản. Mã 123456 hết hạn"),
    ("VN_BANK_ACCOUNT", "tài khoản mở ngày 12-05-2024"),
    ("VN_BANK_ACCOUNT", "account 12345"),
    ("VN_BANK_ACCOUNT", "STK 12345678901234567890"),
    ("VN_BANK_ACCOUNT", "Techcombank có 123456 khách"),
    ("VN_BANK_ACCOUNT", "a file of 12345678 MB"),
]

FORMS = {
    "as it stands": str,
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "without diacritics": fold,
    "in capitals": str.upper,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("entity", "before", "value", "after"), POSITIVES)
def test_a_number_is_found(  # noqa: PLR0917 - one column of the table each
    values: Values, form: str, entity: str, before: str, value: str, after: str
) -> None:
    assert values(entity, FORMS[form](before) + value + FORMS[form](after)) == [value]


@pytest.mark.parametrize(("entity", "before", "value", "after"), POSITIVES)
def test_a_number_is_found_in_a_longer_text(values: Values, entity: str, before: str, value: str, after: str) -> None:
    said = "Xin chào, cảm ơn anh chị đã liên hệ với chúng tôi trong tuần vừa qua. "
    assert values(entity, f"{said * 3}{before}{value}{after} . {said * 3}") == [value]


@pytest.mark.parametrize(("entity", "before", "value", "after"), POSITIVES)
def test_full_width_digits_are_digits(values: Values, entity: str, before: str, value: str, after: str) -> None:
    wide = value.translate({ord(digit): chr(ord(digit) + 0xFEE0) for digit in "0123456789"})
    assert values(entity, before + wide + after) == [wide]


@pytest.mark.parametrize(("entity", "text"), NEGATIVES)
def test_other_numbers_are_not(values: Values, entity: str, text: str) -> None:
    assert values(entity, text) == []
    assert values(entity, f"Theo ghi chú hôm qua thì {text} và không có gì khác.") == []


def test_each_of_several_accounts_is_found(values: Values) -> None:
    text = "STK 19033445566018 (TCB) và 0071001234567 (VCB)"
    assert values("VN_BANK_ACCOUNT", text) == ["19033445566018", "0071001234567"]


def test_a_personal_number_is_validated_only_where_a_word_says_so() -> None:
    plan = Plan(VIETNAM)
    for text, validated in (("CCCD 079203001234", True), ("gửi 079203001234", False)):
        [finding] = plan.look(text, "")[0]
        assert (finding.entity, finding.validated) == ("VN_CCCD", validated)


def test_there_are_63_provinces() -> None:
    assert len(PROVINCE_CODES) == len(set(PROVINCE_CODES.values())) == 63


@pytest.mark.parametrize(("digits", "valid"), [("0101243150", True), ("0101243151", False), ("0300588569", True)])
def test_the_check_digit_of_a_tax_code(digits: str, valid: bool) -> None:
    assert is_tax_code(digits) is valid


@pytest.mark.parametrize(
    ("key", "entity", "value"),
    [
        ("cccd", "VN_CCCD", "079203001234"),
        ("soCmnd", "VN_CMND", "023456789"),
        ("so_tai_khoan", "VN_BANK_ACCOUNT", "0071001234567"),
        ("soTaiKhoan", "VN_BANK_ACCOUNT", "0071001234567"),
        ("taxCode", "VN_TAX_CODE", "0101243150"),
        ("ma_so_thue", "VN_TAX_CODE", "0101243150"),
    ],
)
def test_the_key_of_a_json_member_is_a_cue(key: str, entity: str, value: str) -> None:
    scan = Scan(Plan(VIETNAM), context=f"{key}: ")
    found = [f for step in [*scan.feed(value), *scan.finish()] for f in step.findings]
    assert [(f.entity, f.start, f.end) for f in found] == [(entity, 0, len(value))]


def test_of_random_numbers_few_are_personal_numbers(values: Values) -> None:
    chance = random.Random(7)
    texts = [f"số {chance.randrange(10**12):012d} ở trên" for _ in range(2000)]
    assert sum(bool(values("VN_CCCD", text)) for text in texts) < 40


@given(st.text(alphabet="0123456789 .-,/CMNDSTK", max_size=200) | st.text(max_size=200))
def test_any_text_is_scanned(text: str) -> None:
    scan = Scan(Plan(VIETNAM))
    assert "".join(step.text for step in [*scan.feed(text), *scan.finish()]) == text
