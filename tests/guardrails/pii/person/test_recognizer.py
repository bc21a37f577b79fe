import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.pii.person import PERSON
from guardrails.pii.person.english_names import AMBIGUOUS_GIVEN_NAMES, GIVEN_NAMES, SURNAMES
from guardrails.pii.person.vietnamese_names import FAMILY_NAMES, SYLLABLES
from guardrails.scanning.folding import fold
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import Scan

Places = Callable[[str], list[tuple[int, int]]]

# Text before, name, text after.
NAMES = [
    ("My name is ", "Jane Miller", ""),
    ("my name is ", "Ngozi Adeyemi", " and I live here"),
    ("I am ", "Laura Chen", " from billing"),
    ("I'm ", "Peter Novak", ", the new manager"),
    ("I'm ", "Oscar", " and I need help"),
    ("Patient ", "Karen", " is here"),
    ("Mr ", "Thompson", " called"),
    ("Mr. ", "Thompson", " called"),
    ("Dr. ", "Emily Carter", " is in"),
    ("Ms ", "Okonkwo", "'s bill"),
    ("Dear ", "Susan", ",\nthank you"),
    ("Best regards,\n", "Michael Brown", ""),
    ("Sincerely,\n\n", "Anna Schmidt", "\nSales Manager"),
    ("Signed: ", "Patricia Adams", ""),
    ("The patient, ", "David Wilson", ", was admitted"),
    ("Full name: ", "Thomas J. Walker", ""),
    ("Name: ", "Henry Scott", "\nAge: 41"),
    ("We asked ", "Mary Johnson", " and left"),
    ("Yesterday ", "Jennifer Lopez-Garcia", " came"),
    ("the letter of ", "Karen O'Neill", " arrived"),
    ("FULL NAME: ", "JANE MILLER", ""),
    ("ask ", "Anthony", " about it"),
    ("hi, my name is ", "john smith", " and i forgot my password"),
    ("tên mình là ", "nguyễn thị lan", " ạ"),
    ("em là ", "Quỳnh", " bên kế toán"),
    ("Tên tôi là ", "Nguyễn Văn An", ", tôi cần đổi thẻ"),
    ("Tôi tên là ", "Trần Thị Mai", "."),
    ("Tôi là ", "Lê Minh Tuấn", ", nhân viên kế toán"),
    ("Họ và tên: ", "Phạm Thị Hồng Nhung", ""),
    ("Họ tên: ", "VŨ ĐỨC THẮNG", ""),
    ("Khách hàng ", "Hoàng Anh Dũng", " đã thanh toán"),
    ("Anh ", "Đặng Quốc Bảo", " gọi lúc 9 giờ"),
    ("chị ", "Bùi Thu Hà", " gửi báo cáo"),
    ("Ông ", "Võ Văn Kiệt", " nói"),
    ("gặp bà ", "Nguyễn Thị Bình", " hôm qua"),
    ("nhờ anh ", "Tuấn", " gửi lại"),
    ("Hôm qua ", "Nguyễn Thị Thu Trang", " nộp đơn"),
]  # fmt: skip
VIETNAMESE_CUES = [case for case in NAMES if not (case[0] + case[1]).isascii()]

NOT_NAMES = [
    "May I ask what this costs?",
    "Will you mark the exam in May or in June?",
    "Mark my words.",
    "April Price lists are out.",
    "Dear Sir or Madam,",
    "Dear Customer,",
    "Dear All,",
    "My name is not important.",
    "I am Happy to help.",
    "I am French.",
    "my name is not important",
    "my name is on the list",
    "tên tôi là gì",
    "I'm Not Sure",
    "Thanks, Everyone",
    "Regards,\nThe Support Team",
    "Mr President, the floor is yours.",
    "Will Turner Street is closed.",
    "The Nelson Mandela Bridge is in Johannesburg.",
    "Johnson & Johnson recalled a product.",
    "James Smith & Sons sell umbrellas.",
    "Paul Smith Ltd opened a shop.",
    "Name: MarkupSafe",
    "File name: Budget Report",
    "Austin, Texas had rain.",
    "Baker Street is in London.",
    "Monday and Sunday are days.",
    "class John.Smith() and john.smith@example.com",
    "Thành phố Hồ Chí Minh có mưa.",
    "Ho Chi Minh City grows.",
    "Đường Nguyễn Thị Minh Khai đang sửa.",
    "12 Nguyễn Thị Minh Khai là nhà ai?",
    "Bệnh viện Nguyễn Tri Phương ở quận 5.",
    "Trường THPT Lê Hồng Phong tuyển sinh.",
    "Công ty Hoàng Anh Gia Lai báo lãi.",
    "Anh ấy đi Hà Nội hôm qua.",
    "Ông bà tôi sống ở Huế.",
    "Bà Rịa và Vũng Tàu gần nhau.",
    "Khách hàng Việt Nam quan tâm đến giá.",
    "Khách hàng Hà Nội được giảm giá.",
    "Kính gửi Quý khách hàng,",
    "Tôi là sinh viên.",
    "Trần nhà bị dột.",
    "Lý do hủy đơn là gì?",
    "Hồ Tây đẹp.",
    "Cao Bằng và Lạng Sơn có tuyết.",
    "Mai tôi đi học.",
]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(("before", "name", "after"), NAMES)
def test_a_name_is_found_without_its_title(places: Places, form: str, before: str, name: str, after: str) -> None:
    before, name, after = (unicodedata.normalize(form, part) for part in (before, name, after))
    assert places(before + name + after) == [(len(before), len(before + name))]


@pytest.mark.parametrize(("before", "name", "after"), NAMES)
def test_a_name_is_found_in_a_longer_text(places: Places, before: str, name: str, after: str) -> None:
    said = "the parcel was sent last week and nobody has seen it since then. "
    begin = said * 3 + before
    assert places(f"{begin}{name}{after}\n{said * 3}") == [(len(begin), len(begin + name))]


@pytest.mark.parametrize(("before", "name", "after"), [case for case in VIETNAMESE_CUES if " " in case[1]])
def test_a_full_name_is_found_without_diacritics(places: Places, before: str, name: str, after: str) -> None:
    name = fold(name).upper() if name.isupper() else fold(name).title()
    assert places(fold(before) + name + fold(after)) == [(len(before), len(before + name))]


@pytest.mark.parametrize("text", NOT_NAMES)
def test_other_capitalised_words_are_no_names(places: Places, text: str) -> None:
    assert places(text) == []
    assert places(f"This was written down: {text}\nNothing else was.") == []


@pytest.mark.parametrize(
    ("key", "name"),
    [("full_name", "Xola Mbeki"), ("customerName", "Ngozi Adeyemi"), ("ho_ten", "Nguyễn An"), ("name", "Jane Miller")],
)
def test_the_key_of_a_json_member_is_a_cue(key: str, name: str) -> None:
    scan = Scan(Plan([PERSON]), context=f"{key}: ")
    found = [(f.start, f.end) for step in [*scan.feed(name), *scan.finish()] for f in step.findings]
    assert found == [(0, len(name))]


def test_names_that_are_words_too_need_a_place_in_a_sentence_or_a_cue(places: Places) -> None:
    assert places("Grant Miller pays") == []
    assert places("we saw Grant Miller today") == [(7, 19)]
    assert places("Mr Grant Miller pays") == [(3, 15)]


def test_lists_of_names_do_not_overlap() -> None:
    assert not GIVEN_NAMES & AMBIGUOUS_GIVEN_NAMES
    assert min(map(len, (GIVEN_NAMES, SURNAMES))) >= 300
    assert len(FAMILY_NAMES) >= 60
    assert len(SYLLABLES) >= 200


WORDS = [
    "Mr",
    "Dear",
    "my name is",
    "Jane",
    "Miller",
    "O'Neill",
    "J.",
    "Nguyễn",
    "Văn",
    "An",
    "anh",
    "tên",
    "\n",
    ",",
    "Street",
]


@given(st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join) | st.text(max_size=300))
def test_any_text_is_scanned(text: str) -> None:
    scan = Scan(Plan([PERSON]))
    assert "".join(step.text for step in [*scan.feed(text), *scan.finish()]) == text
    for finding in PERSON.find(text, 0, len(text)):
        assert 0 <= finding.start < finding.end <= len(text)
