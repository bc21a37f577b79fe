"""Words before a name that say it is one."""

from __future__ import annotations

import re
from typing import Literal

from guardrails.scanning.folding import fold

Kind = Literal["stated", "label", "title", "salutation", "signature", "self", "role", "address"]

REACH = 40
"""How many characters before a name are looked at."""

# Applied to what stands before a name, folded; those of forms of address to it in lower case only.
PATTERNS: dict[Kind, str] = {
    "stated": (
        r"(?:my|his|her|full|customer|patient|client|employee|contact|holder|account|first|last|sur|middle|legal)[ _-]?"
        r"name(?:'s| is|\s?[:=]) ?|signed(?: by)? ?:? |signature ?: ?"
        r"|(?:ten (?:toi|em|minh|anh|chi|chau|con) la|(?:toi|em|minh|anh|chi|chau|con) ten(?: la)?) ?:? ?"
        r"|(?:ho[ _]?(?:va |& |va_?)?ten|ten[ _]?khach[ _]?hang|ten[ _]?benh[ _]?nhan"
        r"|nguoi ky|nguoi nhan|nguoi gui|nguoi lien he|chu tai khoan|chu tk|ky ten)[^:\n]{0,15}: ?"
        r"|(?:khach[ _]?hang|benh[ _]?nhan|patient|customer|client|contact) ?: ?"
    ),
    "title": r"(?:mr|mrs|ms|mx|miss|mister|dr|prof|professor|mme)\.? ",
    "salutation": r"(?:dear|hi|hello|hey) ",
    "signature": (
        r"(?:regards|sincerely|faithfully|truly|wishes|thanks|thank you|cheers|tran trong|than men|than ai|best),?"
        r" ?(?:\s\n|\n| )\s?"
    ),
    "self": r"(?:i am|i'm|i\u2019m|this is|call me|(?:toi|em|minh|chau) la) ",
    "role": (
        r"(?:patients?,?|customer|client|employee|colleague|manager|nurse|tenant|contact|contacted|ask|asked|by|with|to"
        r"|from|assigned to|told|tell|met|and|khach hang|benh nhan|nhan vien|giam doc|truong phong|bac si|luat su"
        r"|ke toan|gui cho|gui|cho|boi|voi) "
    ),
    "address": r"(?:anh|chị|ông|bà|cô|thầy|bác|chú|em|bạn|dì|cậu|chi|ong|ba|co|thay|bac|chu|ban) ",
}
_ALL = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in PATTERNS.items() if kind != "address")
BEFORE = re.compile(rf"(?<!\w)(?:{_ALL})$|(?P<label>(?:^|[\n;,|({{]) ?name ?[:=] ?)$")
ADDRESS = re.compile(rf"(?<!\w){PATTERNS['address']}$")

LOWER_CASE = re.compile(
    r"\b(?:[Mm]y name(?:'s| is)|[Tt]ên (?:tôi|em|mình) là|(?:[Tt]ôi|[Ee]m|[Mm]ình) tên(?: là)?) "
    r"([^\W\d_]+(?: [^\W\d_]+){0,4})"
)
"""An introduction after which names that are in lower case count as well."""

TOKENS = (
    "name", "Name", "NAME", "signed", "Signed", "Signature", "Mr", "Mrs", "Ms", "Mx", "Miss", "Mister", "Dr", "Prof",
    "Professor", "mr", "mrs", "ms", "miss", "dr", "MR", "MRS", "MS", "DR", "Dear", "dear", "DEAR", "Regards",
    "regards", "Sincerely", "sincerely", "faithfully", "wishes", "Thanks", "Cheers", "I'm", "am", "Patient",
    "patient", "Customer", "customer", "Client", "client", "Employee", "employee", "colleague", "Contact", "contact",
    "ask", "Ask", "asked", "Assigned", "assigned", "tên", "Tên", "TÊN", "ten", "Ten", "hàng", "HÀNG", "hang", "bệnh",
    "Bệnh", "benh", "Benh", "ký", "ky", "giám", "Giám", "anh", "Anh", "ANH", "chị", "Chị", "CHỊ", "ông", "Ông", "ÔNG",
    "Ong", "bà", "Bà", "BÀ", "cô", "Cô", "thầy", "Thầy", "bác", "Bác", "chú", "Chú", "em", "Em", "tài", "Tài",
    "khoản", "full_name", "fullName", "first_name", "firstName", "last_name", "lastName", "customer_name",
    "customerName", "patient_name", "patientName", "contact_name", "contactName", "ho_ten", "hoTen", "ho_va_ten",
    "hoVaTen", "ten_khach_hang", "tenKhachHang", "khach_hang", "khachHang",
)  # fmt: skip
"""A word of each cue that is rare in prose, to trigger on; and the keys of JSON members that are cues."""

LAST_WORDS = frozenset(
    fold(word) for pattern in PATTERNS.values() for word in re.findall(r"i'm|[^\W\d_]{2,}", pattern)
) | {"i\u2019m", "patient"}
"""Words that a cue may end with, and some others."""


def before(text: str, begin: int) -> Kind | None:
    """What the words right before ``begin`` say about the name there."""
    context = text[max(0, begin - REACH) : begin]
    folded = fold(context)
    found = BEFORE.search(folded)
    if found:
        return found.lastgroup  # type: ignore[return-value]
    return "address" if ADDRESS.search(context.lower()) else None
