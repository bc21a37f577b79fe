"""Vietnamese family names, and the syllables of middle and given names."""

from __future__ import annotations

from guardrails.scanning.folding import fold

FAMILY_NAMES = frozenset(
    """
    Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đào Đoàn Vương Trịnh Trương Đinh Lâm Phùng
    Mai Tô Hà Tạ Lương Lưu Cao Châu Chu La Thái Tăng Quách Kiều Nghiêm Lại Văn Tôn Thân Triệu Tống Bạch Giang Lục Hứa
    Khổng Viên Doãn Mạc Đàm Diệp Trang Từ Thạch Sơn Kim Danh Mã Nông Hoa Cù Khuất Ninh
    """.split()  # noqa: SIM905 - a list of words reads best as words
)

SYLLABLES = frozenset(
    """
    Văn Thị Hữu Đức Minh Quang Thanh Ngọc Hoàng Xuân Thu Kim Bảo Gia Anh An Ân Bách Bằng Bích Bình Ca Cẩm Chi Chí
    Chiến Chinh Chung Chương Công Cúc Cương Cường Châu Dân Danh Diễm Diệp Diệu Dinh Doanh Du Dung Dũng Duy Duyên Dương
    Đài Đại Đan Đăng Đạo Đạt Điệp Điền Đình Định Đoan Độ Đông Đồng Giang Giao Giáp Hà Hạ Hải Hân Hằng Hạnh Hào Hảo Hậu
    Hiên Hiền Hiển Hiệp Hiếu Hoa Hoà Hòa Hoài Hoan Hoàn Hồng Hợp Huân Huấn Huệ Hùng Huy Huyền Hưng Hương Hường Hữu Kha
    Khải Khang Khánh Khoa Khôi Khuê Khương Kiên Kiệt Kiều Kỳ Lam Lâm Lan Lành Lập Lê Lệ Liên Liễu Linh Loan Lộc Long
    Lợi Luân Luận Lực Lương Lưu Ly Lý Mạnh Mẫn Mậu Mi Mỹ My Mai Nam Nga Ngà Ngân Nghi Nghĩa Nghiêm Ngoan Nguyên Nguyệt
    Nhã Nhàn Nhân Nhật Nhi Nhiên Như Nhung Oanh Phát Phi Phong Phú Phúc Phụng Phước Phương Phượng Quân Quảng Quốc Quế
    Quý Quyên Quyền Quyết Quỳnh Sang Sáng Sâm San Sinh Sơn Sĩ Sỹ Tài Tâm Tân Tấn Tây Thạch Thái Thắm Thắng Thanh Thành
    Thảo Thân Thế Thi Thiên Thiện Thịnh Thọ Thoa Thoại Thông Thơ Thơm Thuần Thuận Thục Thùy Thuỳ Thúy Thuý Thủy Thuỷ
    Thuyên Thư Thương Thường Thưởng Thy Tiên Tiến Tiệp Tín Tình Toàn Toản Tố Trà Trâm Trân Trang Tri Trí Triết Triều
    Trinh Trọng Trúc Trung Trường Tú Tuân Tuấn Tuệ Tùng Tuyên Tuyền Tuyết Tường Tựu Tỵ Uyên Ưng Vân Vi Việt Viễn Vinh
    Vĩnh Võ Vũ Vương Vy Xuyến Ý Yên Yến Ánh Ái Nghị
    """.split()  # noqa: SIM905 - as above
)

FAMILY_NAMES_EITHER_WAY = FAMILY_NAMES | {fold(name).capitalize() for name in FAMILY_NAMES}
"""Also as they are written without diacritics."""

SYLLABLES_EITHER_WAY = SYLLABLES | FAMILY_NAMES_EITHER_WAY | {fold(syllable).capitalize() for syllable in SYLLABLES}

# Anh Quốc is England, ông Công a god, and the rest islands, towns and titles.
NOT_ALONE = frozenset(
    {"Công", "Quốc", "Tô", "Nam", "Thị", "Văn", "Đại", "Chủ", "Giáp", "Tây", "Đông", "Đạo", "Bằng", "Quý"}
)
"""Syllables that are no given name after a form of address such as ``anh``."""
