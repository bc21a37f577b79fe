import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.pii.vietnam.address import AddressRecognizer, NumberFirstAddressRecognizer
from guardrails.scanning.folding import fold
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import Scan

Values = Callable[[str, str], list[str]]

ADDRESSES = [
    "số 12 đường Lê Lợi, phường Bến Nghé, quận 1",
    "số 12 đường Lê Lợi",
    "12 đường Lê Lợi, Quận 1",
    "12/3 Nguyễn Trãi, P. Bến Thành, Q.1, TP.HCM",
    "Số nhà 5, ngõ 102, phố Trường Chinh, phường Phương Mai, quận Đống Đa, Hà Nội",
    "12 Chùa Bộc, Đống Đa, Hà Nội",
    "tổ 5, khu phố 3, phường Linh Trung, TP. Thủ Đức",
    "Thôn Đông, xã Tân Lập, huyện Đan Phượng, Hà Nội",
    "Xóm 7, xã Nghi Phú, TP Vinh, Nghệ An",
    "ấp 3, xã Phước Kiển, huyện Nhà Bè",
    "123 Đường 3/2, P5, Q10, TP HCM",
    "căn hộ 1205, chung cư Linh Đàm, phường Hoàng Liệt, Hoàng Mai, Hà Nội",
    "45 Cách Mạng Tháng 8, phường 5, quận Tân Bình",
    "15B đường số 7, KP 4, P. Hiệp Bình Chánh, TP Thủ Đức",
    "SỐ 12 ĐƯỜNG LÊ LỢI, QUẬN 1",
    "Hẻm 45/12 Lê Văn Sỹ, phường 13, quận 3, thành phố Hồ Chí Minh, Việt Nam",
    "27 ngách 5/12 ngõ 80 Xuân Thủy, Dịch Vọng Hậu, Cầu Giấy, Hà Nội",
    "lô B12 KDC Trung Sơn, xã Bình Hưng, huyện Bình Chánh, TPHCM",
    "256 Phan Xích Long, P.7, Phú Nhuận",
    "đường Nguyễn Tri Phương, quận 5",
    "10/5 Trần Hưng Đạo, thị trấn Củ Chi",
    "so 12 duong Le Loi, phuong Ben Nghe",
    "so 12 duong le loi, phuong ben nghe, quan 1",
    "12 Le Loi Street, Ben Nghe Ward, District 1, Ho Chi Minh City, Vietnam",
]
ONLY_WITH_DIACRITICS = ("tổ", "lô")
IN_LOWER_CASE = "so 12 duong le loi"

PROSE = [
    "đường phố Hà Nội đông đúc",
    "thành phố Hồ Chí Minh",
    "quận 1 rất vui",
    "con đường",
    "the road to Hanoi, Vietnam",
    "so 12 Monkeys, Hanoi",
    "năm 2019 Hà Nội, Việt Nam",
    "Ngày 12/5, Hà Nội",
    "số 1 tỉnh Nghệ An",
    "số 1 Việt Nam",
    "Phương Nguyễn, Hà Nội",
    "Quân Trần, TP.HCM",
    "Quận 1 và quận 3",
    "quận 1, quận 3, quận 5",
    "huyện Củ Chi, TP.HCM",
    "Phố Huế. Thành phố Hà Nội",
    "Tôi có 2 đường dây điện, 3 con phố",
    "tổ chức xã hội, đường phố sạch đẹp, thành phố xanh",
    "phố Huế, đường Láng, phố Vọng",
    "221B Baker Street, London",
    "10 Main Street, Springfield",
    "Bước 1 đường truyền, bước 2 phường",
    "Chương 3 Nguyễn Trãi, Hà Nội",
    "12 Park Road, so 5 people went to Paris",
    "Trường THPT Lê Hồng Phong",
    "Giá 12 triệu, quận 1",
    "3 chi nhánh ở Hà Nội, Đà Nẵng và TP.HCM",
    "District 9 is a film, City of God too",
    "Can Tho is far, so is Da Nang",
    "ban to chuc 5 nguoi, xa hoi 3 nguoi",
    "bàn 5, tầng 3",
    "Đường tăng giá 5%, xăng giảm",
    "12 Nguyễn Trãi",
    "P.S. Q.E.D., x. 5",
]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_found_from_its_first_to_its_last_component(values: Values, address: str, form: str) -> None:
    address = unicodedata.normalize(form, address)
    assert values("VN_ADDRESS", address) == [address]
    assert values("VN_ADDRESS", f"Địa chỉ: {address}.") == [address]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_found_in_a_longer_text(values: Values, address: str) -> None:
    said = "Chị giao hàng giúp em vào buổi sáng nhé, em cảm ơn nhiều lắm. "
    assert values("VN_ADDRESS", f"{said * 3}Em ở {address} . {said * 3}") == [address]


@pytest.mark.parametrize("address", [a for a in ADDRESSES if not a.lower().startswith(ONLY_WITH_DIACRITICS)])
def test_an_address_is_found_without_diacritics(values: Values, address: str) -> None:
    plain = "".join(fold(character) if not character.isupper() else fold(character).upper() for character in address)
    assert values("VN_ADDRESS", plain) == [plain]


@pytest.mark.parametrize("text", PROSE)
def test_prose_is_no_address(values: Values, text: str) -> None:
    assert values("VN_ADDRESS", text) == []
    assert values("VN_ADDRESS", f"Hôm qua tôi đọc thấy: {text} và nhiều điều khác nữa.") == []


def test_a_name_in_lower_case_needs_a_house_and_two_more_components(values: Values) -> None:
    assert values("VN_ADDRESS", IN_LOWER_CASE) == []
    assert values("VN_ADDRESS", f"{IN_LOWER_CASE}, quan 1") == [f"{IN_LOWER_CASE}, quan 1"]


@pytest.mark.parametrize("address", [address for address in ADDRESSES if len(address) > 40])
def test_an_address_is_whole_wherever_windows_are_cut(values: Values, address: str) -> None:
    for shift in range(0, 130, 3):
        assert values("VN_ADDRESS", f"{'1 ' * shift}. Giao tới: {address} . {'2 ' * 70}") == [address]


def test_two_addresses_are_two_values(values: Values) -> None:
    first, second = "12/3 Nguyễn Trãi, Q.1", "số 5 phố Huế, Hà Nội"
    assert values("VN_ADDRESS", f"Từ {first} tới {second} xa lắm") == [first, second]


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ("quận 1, tỉnh Bình Dương", "phường 5, quận 1"),
        ("phường 5, quận 1", "đường Lê Lợi, quận 1"),
        ("đường Lê Lợi, quận 1", "12/3 Lê Lợi, quận 1"),
        ("12/3 Lê Lợi, quận 1", "12/3 Lê Lợi, phường 5, quận 1"),
    ],
)
def test_an_address_that_says_more_scores_higher(small: str, large: str) -> None:
    less, more = (next(iter(AddressRecognizer().find(text, 0, len(text)))).score for text in (small, large))
    assert less < more


WORDS = [
    "số",
    "12",
    "12/3",
    "đường",
    "Lê",
    "Lợi",
    ",",
    "phường",
    "P.",
    "Q",
    "1",
    "TP.",
    "HCM",
    "tháng",
    "so",
    "Ward",
    "\n",
]


@given(st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join) | st.text(max_size=300))
def test_any_text_is_scanned(text: str) -> None:
    scan = Scan(Plan([AddressRecognizer(), NumberFirstAddressRecognizer()]))
    assert "".join(step.text for step in [*scan.feed(text), *scan.finish()]) == text
    for finding in AddressRecognizer().find(text, 0, len(text)):
        assert text[finding.start : finding.end].strip() == text[finding.start : finding.end] != ""
