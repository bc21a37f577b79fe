"""Questions, contexts and answers labelled by hand: which answer should score higher."""

from __future__ import annotations

RELEVANCE = [
    ("What is the capital of France?", "The capital of France is Paris.", "Bananas are rich in potassium and fibre."),
    (
        "How do I reverse a list in Python?",
        "Call `items.reverse()`, or slice the list with `[::-1]`: Python makes a reversed copy.",
        "The recipe needs two eggs, flour and a pinch of salt, mixed well.",
    ),
    (
        "Why did the stock market crash in 1929?",
        "Speculation on credit drove stock prices up; the crash of the market followed in October 1929.",
        "Penguins live in the southern hemisphere and feed on fish and krill.",
    ),
    (
        "Which vaccines does a newborn need?",
        "A newborn gets the vaccine against hepatitis B first; other vaccines follow after two months.",
        "Our shop opens at nine and parking is free for all customers.",
    ),
    (
        "Summarise: The committee met on Monday and approved the budget for the new library after a long debate.",
        "The committee approved the library's budget on Monday.",
        "Electric cars need less maintenance than cars with combustion engines.",
    ),
    (
        "Thủ đô của Việt Nam là thành phố nào?",
        "Thủ đô của Việt Nam là thành phố Hà Nội.",
        "Chuối chứa nhiều kali và chất xơ tốt cho tiêu hóa.",
    ),
    (
        "Làm thế nào để nấu phở bò ngon?",
        "Để nấu phở bò, bạn ninh xương bò với gừng, hành nướng và hoa hồi trong nhiều giờ.",
        "Máy tính của bạn cần khởi động lại sau khi cập nhật hệ điều hành.",
    ),
    (
        "Lãi suất tiết kiệm kỳ hạn 12 tháng là bao nhiêu?",
        "Lãi suất tiết kiệm kỳ hạn 12 tháng hiện là 5,2 % mỗi năm.",
        "Bảo tàng mở cửa từ thứ Ba đến Chủ nhật hằng tuần.",
    ),
    ("thu do cua Viet Nam o dau", "Thủ đô của Việt Nam là Hà Nội.", "Chuối chứa nhiều kali và chất xơ."),
    (
        "Explain the difference between TCP and UDP.",
        "TCP guarantees delivery and order of packets, UDP sends datagrams without either.",
        "Roses should be pruned in early spring before new leaves grow.",
    ),
]

GROUNDED = [
    (
        "The museum opens at 9 in the morning. Tickets cost 12 euros. Children under six enter free.",
        "The museum opens at 9 in the morning and tickets cost 12 euros.",
        "The museum opens at 10 in the morning and tickets cost 25 euros.",
    ),
    (
        "The Amber battery lasts 14 hours. It weighs 300 grams and charges by USB-C.",
        "The battery lasts 14 hours and charges by USB-C.",
        "The battery was designed in Sweden and contains recycled cobalt from old phones.",
    ),
    (
        "Employees get 25 days of leave. Unused leave expires in March of the next year.",
        "Employees have 25 days of leave, and what is unused expires in March.",
        "Managers must approve travel abroad two weeks before departure.",
    ),
    (
        "Bảo tàng mở cửa lúc 8 giờ sáng. Giá vé là 40.000 đồng. Trẻ em dưới sáu tuổi được miễn phí.",
        "Bảo tàng mở cửa lúc 8 giờ sáng, giá vé là 40.000 đồng.",
        "Bảo tàng do một kiến trúc sư người Pháp thiết kế vào năm 1927.",
    ),
    (
        "Khách hàng được đổi trả trong 30 ngày. Hàng phải còn nguyên tem và hóa đơn.",
        "Bạn được đổi trả trong 30 ngày nếu hàng còn nguyên tem và hóa đơn.",
        "Bạn được giảm giá mười lăm phần trăm khi mua qua ứng dụng điện thoại.",
    ),
]
