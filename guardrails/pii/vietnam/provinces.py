"""The provinces and centrally governed cities of Vietnam.

Their codes begin personal identification numbers (circular 59/2021/TT-BCA of the Ministry of Public Security). The
63 units of 2008 are listed, since numbers and addresses given before the mergers of 2025 stay in use; the 34 units
there are since then bear names that are among them.
"""

from __future__ import annotations

PROVINCE_CODES = {
    "001": "Hà Nội", "002": "Hà Giang", "004": "Cao Bằng", "006": "Bắc Kạn", "008": "Tuyên Quang",
    "010": "Lào Cai", "011": "Điện Biên", "012": "Lai Châu", "014": "Sơn La", "015": "Yên Bái",
    "017": "Hòa Bình", "019": "Thái Nguyên", "020": "Lạng Sơn", "022": "Quảng Ninh", "024": "Bắc Giang",
    "025": "Phú Thọ", "026": "Vĩnh Phúc", "027": "Bắc Ninh", "030": "Hải Dương", "031": "Hải Phòng",
    "033": "Hưng Yên", "034": "Thái Bình", "035": "Hà Nam", "036": "Nam Định", "037": "Ninh Bình",
    "038": "Thanh Hóa", "040": "Nghệ An", "042": "Hà Tĩnh", "044": "Quảng Bình", "045": "Quảng Trị",
    "046": "Thừa Thiên Huế", "048": "Đà Nẵng", "049": "Quảng Nam", "051": "Quảng Ngãi", "052": "Bình Định",
    "054": "Phú Yên", "056": "Khánh Hòa", "058": "Ninh Thuận", "060": "Bình Thuận", "062": "Kon Tum",
    "064": "Gia Lai", "066": "Đắk Lắk", "067": "Đắk Nông", "068": "Lâm Đồng", "070": "Bình Phước",
    "072": "Tây Ninh", "074": "Bình Dương", "075": "Đồng Nai", "077": "Bà Rịa Vũng Tàu", "079": "Hồ Chí Minh",
    "080": "Long An", "082": "Tiền Giang", "083": "Bến Tre", "084": "Trà Vinh", "086": "Vĩnh Long",
    "087": "Đồng Tháp", "089": "An Giang", "091": "Kiên Giang", "092": "Cần Thơ", "093": "Hậu Giang",
    "094": "Sóc Trăng", "095": "Bạc Liêu", "096": "Cà Mau",
}  # fmt: skip
"""Name by the three digits that begin the personal identification number of who was registered there at birth."""

OTHER_NAMES = (
    "Hanoi", "HN", "HCM", "HCMC", "TPHCM", "Sài Gòn", "Saigon", "SG", "Ho Chi Minh City", "Hai Phong City",
    "Hanoi City",
    "Da Nang City", "Danang", "Huế", "Vũng Tàu", "Daklak", "Đắc Lắc", "Can Tho City",
)  # fmt: skip
"""What else they are called in addresses."""

CITIES = (
    "Thủ Đức", "Nha Trang", "Đà Lạt", "Biên Hòa", "Vinh", "Hạ Long", "Quy Nhơn", "Buôn Ma Thuột", "Mỹ Tho",
    "Long Xuyên", "Rạch Giá", "Phan Thiết", "Thủ Dầu Một", "Việt Trì", "Pleiku",
)  # fmt: skip
"""Large cities below that level."""
