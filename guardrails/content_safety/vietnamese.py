"""What is looked for in Vietnamese. How phrases are written is told in :mod:`guardrails.scanning.phrases`.

Scores mean what they mean in :mod:`guardrails.content_safety.english`. The word that a finding begins with is read
with its diacritics, since a single word without them is many words: ``dit``, ``lon`` and ``cac`` are most often
something harmless. The other words of a phrase may stand without them. What people write without any is listed as
phrases of its own, where they mean one thing only.
"""

from __future__ import annotations

SETS = {
    "cách": "cách|làm sao|làm sao để|làm thế nào để|hướng dẫn|chỉ tôi|chỉ mình|chỉ em|dạy tôi|công thức|các bước",
    "muốn": "muốn|định|kế hoạch|cách",
    "người": "người|vợ|chồng|bố|mẹ|ông|bà|anh|chị|em|con|nó|hắn|bạn|thầy|cô|sếp|hàng xóm|người yêu|trẻ em|một người",
    "nhóm": "người da đen|người trung quốc|người tàu|bọn tàu|bọn hồi giáo|người hồi giáo|người do thái|người đồng tính"
    "|bọn đồng tính|người dân tộc|bọn bắc kỳ|bọn nam kỳ|người khuyết tật|bọn tây|người nước ngoài|bọn da đen",
    "chế": "chế|chế tạo|làm|làm ra|lắp|lắp ráp|điều chế|tự chế|sản xuất|nấu|trồng|tổng hợp|chế ra",
    "mua": "mua|bán|ship|tìm mua|cần bán|cần mua|order|đặt mua|buôn",
    "nick": "facebook|fb|nick|tài khoản|wifi|zalo|gmail|điện thoại|mật khẩu|email|ngân hàng",
    "giấy_tờ": "giấy tờ|cccd|cmnd|hộ chiếu|bằng|bằng cấp|bằng đại học|bằng lái|con dấu|sổ đỏ|tiền",
    "mày": "mày|mầy|mi|cả nhà mày|chết mày|chết mẹ mày",
}

PHRASES: dict[str, tuple[tuple[float, str], ...]] = {
    "CONTENT_HATE": (
        (0.8, """
            khựa, bọn|lũ mọi rợ!, {nhóm} * hạ đẳng!, {nhóm} * cặn bã!, {nhóm} * rác rưởi!, {nhóm} * súc vật!
            diệt! hết|sạch ?bọn|lũ {nhóm}, giết! hết|sạch|chết ?bọn|lũ {nhóm}
        """),
        (0.6, "bọn|lũ|đồ bê|pê đê!, bóng lộ!, namkiki, parky, backy"),
    ),
    "CONTENT_HARASSMENT": (
        (0.9, """
            tao|bố|ông * giết|chém|đâm|đập! ?chết {mày}, đi chết! đi, mày * chết! đi, mày nên|đáng|phải chết!
            giết|chém! {mày}, tao|bo * giet|chem|dam! ?chet may
        """),
        (0.8, """
            ngu! như chó|bò|lợn|heo, đồ|thằng|bọn|lũ|đồ con chó!, chó! đẻ, đồ|thằng|con|mày|lũ óc chó!
            đồ|thằng|con|lũ|quân súc! vật|sinh, thằng|con|lũ|đồ|quân mất dạy!, ngu! nhu cho|bo|lon
        """),
        (0.7, """
            đồ|thằng|con ngu!, mày|mầy ngu! ?quá ?thế ?vậy, thằng|đồ|quân|con khốn! ?nạn, đồ vô! học|dụng|tích sự
            đồ rác rưởi!, cút! mẹ|xéo|khỏi, câm! mồm|mõm|họng|mẹ
        """),
        (0.5, "thằng|con|đồ điên|khùng!, khốn! nạn, mất dạy!"),
        (0.4, "đồ ngốc|hâm|dốt!"),
    ),
    "CONTENT_VIOLENCE": (
        (0.9, """
            {cách}|{muốn} ?để ?có ?thể giết! ?chết ?một {người}, {cách}|{muốn} * đầu độc! {người}
            {cách}|{muốn} * giet! ?chet {người}, phi tang! xác|thi, {cách}|{muốn} * đánh bom!
            xả súng! ?ở|vào|tại trường|chợ|nhà
        """),
        (0.5, "chém|đâm|giết|bắn! chết|hết {người}, cắt cổ! {người}"),
        (0.4, "giết! người, thảm sát!"),
    ),
    "CONTENT_SEXUAL": (
        (0.9, """
            bú! cu|cặc|buồi|lồn|dái, liếm! lồn|bướm|cặc, ấu dâm!, hiếp! ?dâm trẻ|bé|học sinh|em
            sex! ?với trẻ em|bé gái|học sinh
            khiêu! dâm trẻ|bé|học, ảnh|phim|clip|truyện|video * khiêu! dâm trẻ|bé
        """),
        (0.8, """
            truyện|chuyện|viết sex!, chịch, nứng, dâm! đãng|dục|loàn, loạn luân!, kích dục!, gái! gọi|bao|điếm
            truyen|chuyen|doc sex!, gai! goi, chich! nhau
        """),
        (0.6, """
            khiêu! dâm, phim|ảnh|video|clip|chat sex!, khieu! dam, ảnh|clip khỏa|khoả! thân, hiếp! dâm, thủ dâm!
            vú! to|bự, làm tình! với
        """),
        (0.4, "mại dâm!, khỏa|khoả! thân, quan hệ tình dục!, làm tình!"),
    ),
    "CONTENT_SELF_HARM": (
        (0.9, """
            {cách}|muốn|định|sẽ|sắp * tự tử|sát|vẫn|thiêu!, tự tử|sát! * không đau|nhanh, {cách} * treo! cổ
            muốn|định|sẽ kết liễu!, cách|muốn * tu tử, cach|muon tu tu!
        """),
        (0.8, """
            cắt|rạch! cổ tay, rạch! tay, không muốn|thiết sống! ?trên ?đời ?tiếp nữa
            kết thúc|chấm dứt cuộc đời|sống! ?này
            thư tuyệt mệnh!, khong muon|thiet song! ?tren ?doi nua
        """),
        (0.6, "tôi|mình|em|con|tao ?chỉ ?thật ?sự ?rất muốn chết!, chán sống!"),
        (0.4, "tự tử|sát!"),
    ),
    "CONTENT_ILLICIT": (
        (0.9, """
            {cách} * {chế} * bom|mìn|súng|đạn|nổ|sung|heroin|ketamine|túy|tuý|sarin|cocaine!, {cách} * rửa tiền!
            {cách} * {chế} * ma tuy|đá!, {cách} * trộm|cắp! xe|tài|thẻ|thông|dữ|tiền
        """),
        (0.8, """
            {cách}|giúp ?tôi ?mình * hack! ?vào ?mật ?khẩu {nick}, hack! {nick} của|người
            làm|mua|bán|in {giấy_tờ} giả!, lam|mua|ban|in tien gia!
            {cách} * lừa! đảo, kịch bản lừa! đảo, {cách} * chiếm đoạt! tài sản|tiền, {cách} * trốn thuế!
            {cách} * tống tiền!
            viết|tạo|code * ransomware|keylogger|trojan|botnet!, {mua} súng|đạn!, viết|tạo mã độc!
        """),
        (0.6, """
            {mua} * heroin|cocaine|ketamine!, {mua} * ma túy|tuý!, {mua} thuốc lắc!, {mua} cần sa!, {mua} ma tuy!
            {mua} can sa!
        """),
        (0.4, "ma túy|tuý!"),
    ),
    "CONTENT_PROFANITY": (
        (0.9, """
            địt, đụ! má|mẹ|cha|bà|con|me, đù! má|me|mẹ, lồn, cặc, buồi, đéo, đkm, đcm, đmm, đclm
            vãi! lồn|cặc|lìn|cả lồn
            con|đồ|thằng đĩ!, đĩ! điếm|chó|mẹ, đệt! mẹ|cụ
        """),
        (0.8, """
            dit! me may|no|cha|con, dit! me, deo! biet|hieu|can|co gi|thich, vai lon|lin! that|vay|luon
            clgt, dmm, du! ma may
        """),
        (0.7, """
            đm, vcl, vkl, vcc, cmnr, dkm, dcm, mẹ kiếp!, tổ sư! cha|nhà|bố mày|nó, mẹ mày!, đậu! xanh rau má
            cái đệch!, đệt, đĩ, con mẹ nó!, cứt
        """),
        (0.4, "vl, vãi, đếch, đù"),
    ),
}  # fmt: skip

SOFTENED_BY: dict[str, str] = {
    "CONTENT_HARASSMENT": r"\b(?:hạt|quả|dầu|truyện|tiểu thuyết|bắt nạt|hat|qua|dau)\b",
    "CONTENT_VIOLENCE": r"\b(?:tiến trình|tien trinh|process|server|game|trò chơi|phim|truyện|công an|cảnh sát|tòa án"
    r"|toà án|bị cáo|nghi phạm|vụ án|nạn nhân|vi khuẩn|virus|muỗi|cỏ|gà|lợn|heo|chiến tranh|lịch sử|phòng chống)\b",
    "CONTENT_SEXUAL": r"\b(?:phòng chống|phòng tránh|giáo dục|tuyên truyền|công an|cảnh sát|luật|bị cáo|nạn nhân|bác sĩ"
    r"|sức khỏe|sức khoẻ|bệnh|chặn|tiêm|vắc xin|vaccine|phong chong|giao duc|cong an|luat|suc khoe|chan)\b",
    "CONTENT_SELF_HARM": r"\b(?:phòng chống|phòng ngừa|ngăn chặn|ngăn ngừa|tư vấn|đường dây nóng|nghiên cứu|thống kê"
    r"|tỷ lệ|tỉ lệ|mệt|cười|đau|nóng|lạnh|đói|mắc cỡ|xấu hổ|phong chong|ngan chan|tu van)\b",
    "CONTENT_ILLICIT": r"\b(?:phòng chống|phòng tránh|phòng ngừa|ngăn chặn|tuyên truyền|cảnh giác|phát hiện|bảo vệ"
    r"|công an|cảnh sát|tòa án|toà án|bị cáo|luật|cai nghiện|chống|tố cáo|tố giác|lịch sử|bảo tàng|game|trò chơi|phim"
    r"|bắt giữ|bắt|nhận biết|tránh|nước|xe đạp)\b",
}  # fmt: skip
