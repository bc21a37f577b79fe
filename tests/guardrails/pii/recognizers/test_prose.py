from collections.abc import Callable

import pytest

ORDINARY = [
    "The meeting on 2024-01-15 at 10:30 was moved to 2024-02-01 at 14:00.",
    "Revenue rose 12.5% to $1,234,567.89 in Q3 2023, from $1,098,234.10 a year before.",
    "Please update to version 2.13.4 or 3.0.0-rc1 before the 31/12/2025 deadline.",
    "The library pins numpy==1.26.4, pandas==2.2.3 and scipy>=1.11,<2.",
    "Order 112-3456789-0123456 shipped on Monday and arrives within 3 to 5 days.",
    "Your order number is 4502138876 and the invoice is INV-2024-000123.",
    "ISBN 978-3-16-148410-0 is the hardcover, ISBN 0-19-852663-6 the paperback.",
    "The book has 1024 pages, 12 chapters and 350 figures, and costs 49.99 euros.",
    "Coordinates 40.7128, -74.0060 are in New York; 21.028511, 105.804817 in Hanoi.",
    "The match ended 3-2 after extra time, 5-4 on penalties, before 45 000 people.",
    "At 1700000000 seconds since the epoch the counter overflowed.",
    "Timestamp 1700000000123 is in milliseconds, 1700000000123456 in microseconds.",
    "The process 23456 used 1048576 bytes, then 2097152, then 4194304.",
    "Ports 80, 443, 8080 and 9090 must be open; 5432 need not be.",
    "HTTP 404 was returned 1,024 times, HTTP 500 only 17 times.",
    "Population grew from 3 929 214 in 1790 to 331 449 281 in 2020.",
    "Pi is 3.14159265358979323846 and e is 2.71828182845904523536.",
    "Add 250 g of flour, 2 eggs, 120 ml of milk and bake for 35 minutes at 180 degrees.",
    "Flight VN 123 leaves at 06:15 from gate 14 and lands at 08:40.",
    "The flat has 3 rooms, 85.5 m2, and the rent is 1.250,00 EUR plus 240 EUR.",
    "Giá vé là 1.500.000 đồng một người, trẻ em dưới 6 tuổi được giảm 50%.",
    "Năm 2023 công ty đạt doanh thu 12.345.678.900 đồng, tăng 15% so với 2022.",
    "Quyết định số 15/2021/QĐ-TTg ngày 30/06/2021 có hiệu lực từ 01/07/2021.",
    "Cuộc họp bắt đầu lúc 8 giờ 30 ngày 12 tháng 5 năm 2024 tại phòng 302.",
    "SELECT id FROM t WHERE created BETWEEN '2024-01-01' AND '2024-12-31' LIMIT 100 OFFSET 200;",
    "for i in range(0, 1000000, 250000): print(i)",
    "The array is [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16].",
    "Matrix rows: 12 34 56 78 / 90 12 34 56 / 78 90 12 34.",
    "x = 0.123456789 and y = 9876543.21 give z = 1.2193e6.",
    "The commit 3f2a9c1 and the tag v1.2.3.4 were pushed at 12:30:45.",
    "SHA-1 is da39a3ee5e6b4b0d3255bfef95601890afd80709 for the empty file.",
    "MD5 d41d8cd98f00b204e9800998ecf8427e is no longer safe.",
    "Use color #1a2b3c or rgb(26, 43, 60), never #ffffff on #000000.",
    "Room 12-34, building 5, 3rd floor, open 08:00-17:00, Mon 1 - Fri 5.",
    "The experiment ran 1000 epochs with lr=0.0003, batch=128, seed=42.",
    "Loss fell from 2.3456 to 0.0123 over 20 000 steps; accuracy is 0.9876.",
    "Between 1914 and 1918, and again from 1939 to 1945, the plant was closed.",
    "He was 42 in 1998, ran 42.195 km in 2:58:31 and finished 117th of 3,402.",
    "Tracking 1Z999AA10123456784 says the parcel weighs 2.35 kg.",
    "Windows 10.0.19045.3803 and Chrome/120.0.6099.109 are supported.",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36",
    "Section 4.1.2.3 of RFC 2616 and section 3.2.1.1 of RFC 7230 differ.",
    "Call me Ishmael. Some years ago, never mind how long precisely, in 1851.",
    "It costs 10-20 dollars, or 100-200 for 5-10 people, plus 7.5% tax.",
    "The 2-5-4-3 formation lost 0-1, 0-2 and 1-3 in 3 games of 90 minutes.",
    "GDP per capita was 4,163.51 USD in 2022 against 3,756.49 USD in 2021.",
    "Ratio 16:9, 21:9 or 4:3; resolutions 1920x1080, 2560x1440 and 3840x2160.",
    "Serial number 0987654321 and part no. 212-555-0199 are on the label.",
    "Ticket #2125550123 was closed, ticket #4155550188 is open.",
    "Article 5(1)(b), paragraphs 12-14, and recital 39 of Regulation 2016/679 apply.",
    "The temperatures were -12.5, +3.0, +17.25 and -0.5 degrees.",
    "Sales: 2019 1200, 2020 1350, 2021 1475, 2022 1602, 2023 1750.",
    "std::vector<int> v{1, 2, 3}; auto s = v[0]::value; a[1:10:2]; b[::2]",
    "The decorator @app.route and the tag @2x are not addresses.",
    "See https://docs.example.com/v2/guide.html#section-3 and https://example.org/?page=2&per_page=50.",
    "The repository is at https://github.com/acme/widgets, the package at https://pypi.org/project/widgets/1.2.3/.",
    "Genesis 1:1-2:3, Psalm 119:105 and Matthew 5:3-12 were read.",
    "Lot 4400123456, batch 20231105, best before 11/2026.",
    "The bus numbers 14, 21, 36 and 152 stop here every 15 minutes from 5:30.",
    "The polynomial has coefficients 4 1 1 2 3 5 8 13 21 34 55 89 144.",
    "Block 0000000000000000000 has height 820000 and 3125 transactions.",
    "The hex dump reads 00 1b 44 11 3a b7 00 00 ff ff 12 34.",
    "This company was founded 25 years ago and employs 12000 in 14 countries.",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20",
    "EAN 4006381333931 and UPC 036000291452 scan well.",
    "Doc id 2023-0456-7890, revision 12, page 3 of 45, 07/2023.",
    "Hanoi is 1,137 km from Saigon, 1 726 km by rail, about 30 hours in 1990.",
    "| 2021 | 10 450 | 3.2 | 120 |\n| 2022 | 11 320 | 3.4 | 135 |\n| 2023 | 12 870 | 3.9 | 151 |",
    "log 2024-03-05T12:34:56.789Z INFO took=1234ms rows=567890 id=7712345678",
    "Phases last 2-3 days, 10-14 days and 3-6 months; 95% CI 1.12-1.34, p < 0.001.",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_numbers_are_left_alone(text: str, among_all: Callable[[str], list[tuple[str, str]]]) -> None:
    assert among_all(text) == []


PERSONAL = {
    "Hi, I'm Jane; mail jane@example.com or ring 020 7946 0958 after 6.": ["jane@example.com", "020 7946 0958"],
    "Charge 49.99 to 4111 1111 1111 1111, exp 12/27, cvv 123.": ["4111 1111 1111 1111"],
    "Transfer 1,200 EUR to DE89 3704 0044 0532 0130 00 by 31/12/2024.": ["DE89 3704 0044 0532 0130 00"],
    "Failed login from 203.0.113.9 at 10:30:45, then from 2001:db8::17.": ["203.0.113.9", "2001:db8::17"],
    "Jane, born on 14 March 1980, SSN 219-09-9998, lives at 12 Oak St.": ["14 March 1980", "219-09-9998"],
    "Anh Minh sinh ngày 05/03/1990, sđt 0912.345.678, mã đơn 12345.": ["05/03/1990", "0912.345.678"],
    "Liên hệ 0912345678/0987654321 hoặc minh@example.vn trước 17h.": ["0912345678", "0987654321", "minh@example.vn"],
    "profile: linkedin.com/in/jane-doe; wallet 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa": [
        "linkedin.com/in/jane-doe",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    ],
    "device 00:1B:44:11:3A:B7 got 10.1.2.3 from +1 650 253 0000's router": [
        "00:1B:44:11:3A:B7",
        "10.1.2.3",
        "+1 650 253 0000",
    ],
    "jane@example.com,john@example.com;+442079460958": ["jane@example.com", "john@example.com", "+442079460958"],
}


@pytest.mark.parametrize(("text", "values"), PERSONAL.items())
def test_values_among_ordinary_numbers_are_found(
    text: str, values: list[str], among_all: Callable[[str], list[tuple[str, str]]]
) -> None:
    assert [value for _, value in among_all(text)] == values
