"""What is said in Vietnamese to take over a model; scores as in :mod:`guardrails.prompt_injection.english`.

Findings begin at a word with its diacritics, or at one without them in phrases of their own; the other words of a
phrase may stand without.
"""

from __future__ import annotations

SETS = {
    "drop": "bỏ qua|quên|quên hết|phớt lờ|lờ đi|quên đi|không tuân theo|đừng tuân theo|đừng theo|không làm theo"
    "|vô hiệu hóa",
    "rule": "hướng dẫn|chỉ dẫn|chỉ thị|quy tắc|quy định|mệnh lệnh|câu lệnh|nguyên tắc",
    "earlier": "trước|trên|phía trên|ban đầu|của bạn|hệ thống|đã cho|bên trên|đó",
    "assistant": "trợ lý ai|ai|mô hình|chatbot|trợ lý ảo|tác tử|trợ lý",
    "show": "cho tôi xem|cho tôi biết|cho biết|hiển thị|in|in ra|lặp lại|tiết lộ|đọc|nói|viết lại|đưa|dịch|liệt kê"
    "|nhắc lại",
}

PHRASES: dict[str, tuple[tuple[float, str], ...]] = {
    "INJECTION_OVERRIDE": (
        (0.85, """
            {drop} ?tất ?cả ?mọi ?toàn ?bộ ?hết ?các ?những hướng|chỉ|quy|mệnh|câu|nguyên dẫn|tắc|định|lệnh! \
              ?nào ?nữa ?ở {earlier}
            {drop} tất|mọi|toàn|hết|các ?cả ?bộ ?các ?những hướng|chỉ|quy|mệnh|nguyên dẫn|tắc|lệnh!
            bỏ! qua ?tất ?cả ?mọi ?các ?những chỉ thị
            hướng|chỉ|quy|mệnh dẫn|thị|tắc|định|lệnh * không còn hiệu! lực
            bo! qua tat|moi|cac|het ?ca ?cac huong|chi|quy|lenh, quen! het ?cac huong|chi|quy|lenh|moi
        """),
        (0.6, """
            bỏ! qua câu|yêu|nhiệm hỏi|cầu|vụ của|người, nếu bạn là ?một mô|trợ|chatbot|ai! ?hình|lý
            khi tóm! tắt ?tài ?liệu ?văn ?bản ?này hãy|thêm|gửi|đồng
        """),
        (0.45, """
            lưu|chú! ý ?cho ?với ?tới ?dành {assistant}, gửi! {assistant} hãy, hãy làm theo lệnh! của tôi
            đừng nói! ?cho ?với người dùng
        """),
    ),
    "INJECTION_PERSONA": (
        (0.85, "you are|re ?now ?called dan!, act as dan!, bạn ?bây ?giờ là dan!, jailbreak! chế độ"),
        (0.75, """
            bạn|ai|trợ|lý|giờ|chatbot … không ?có ?còn ?bị ?bất ?kỳ ?cứ ?một ?sự hạn|giới|kiểm|bộ|ràng \
              chế|hạn|duyệt|lọc|buộc!
            không ?còn ?có bộ lọc! nội|nào|gì, ban … khong ?co ?con ?bi han|gioi|kiem! che|han|duyet
        """),
        (0.3, "chế độ nhà phát! triển, giả! vờ bạn|là, đóng vai! ?một ai"),
    ),
    "INJECTION_EXTRACTION": (
        (0.75, """
            {show} … lời|chỉ|hướng|câu nhắc|dẫn|lệnh! hệ|ban|ẩn|gốc
            {show} … nguyên văn! mọi|tất|toàn|những, {show} … từng chữ! mọi|tất|toàn|những
            {show} … system prompt!, {show} … prompt! hệ|ẩn|của, những|các chỉ|hướng dẫn! gì
        """),
        (0.4, "cho ?tôi biết|tiết|đưa ?lộ mật! khẩu"),
    ),
    "INJECTION_EXFILTRATION": (
        (0.7, "gửi! ?toàn ?bộ ?tất ?cả ?nội ?dung ?cuộc|lịch trò|hội|sử chuyện|thoại, gui! toan bo cuoc|lich"),
        (0.5, "gửi! … mật khẩu|mã otp, thêm * link! * vào câu, thêm … link! ?này vào"),
    ),
    "INJECTION_HIDDEN": (
        (0.75, "giải! mã * và|rồi làm|thực|tuân"),
    ),
}  # fmt: skip

SOFTENED_BY = r"\b(?:tấn công|phòng chống|ngăn chặn|phát hiện|giải thích|ví dụ|nghĩa là|cụm từ|injection|jailbreaks)\b"
