"""Phrases that refuse or evade, in English and Vietnamese, as one pattern.

A line is a phrase, an indented one the rest of it, and ``<we>`` stands for the part of that name. All are of folded
text, small letters without accents, so that Vietnamese typed without them is found too. Repetitions are bounded: the
time grows with the length.
"""

from __future__ import annotations

import re

PARTS = {
    "we": r"\b(?:i|we)",
    "apology": r"\b(?:sorry|unfortunately|i regret|i apologi[sz]e|apologies|i'm afraid|i am afraid)\b",
    "adverb": r"(?: (?:really|directly|currently|simply|just|personally|actually|fully|in good conscience))?",
    "cannot": r"(?:can ?not|can't|could not|couldn't|won't|will not|am not able to|'m not able to)",
    "serve": r"""
        help|assist|answer|provide|comply|fulfill?|do (?:that|this)|share|discuss|support|offer|create|generate|write|
        engage|respond|give|recommend (?:a|any|that|this|specific|how)|tell you|say|comment|speculate|predict|access|
        browse|verify|confirm|determine|find (?:any |that )?(?:information|answer|data|results?|mention|details)|
        complete|process|continue|participate|produce|advise|reveal|disclose|open|view|
        see (?:images|pictures|the image|the file|attachments)|
        make (?:a |that |this |any )?(?:judg|predict|recommend|diagnos)|be (?:of help|able to (?:help|assist|answer|
        provide|do))|talk about|go into|accommodate""",
    "lack": r"""(?:an |a |any |enough |sufficient |specific |the |that |real-time |up-to-date |current |personal |
        reliable )*""",
    "knowledge": r"(?:information|knowledge|access|data|details|context|answer|opinions?|ability|capability|means)\b",
    "source": r"(?:context|documents?|text|passages?|sources?|information|article|material)",
    "self": r"\b(?:toi|minh|em|chung toi|chung minh|chung em|tui|tro ly|bot)",
    "giup": r"""
        giup|tra loi|ho tro|cung cap|thuc hien|dap ung|chia se|viet|tao|dua ra|thao luan|noi|tiet lo|xac nhan|
        xac dinh|tu van|lam|truy cap|tim|giai dap|phan hoi|tiep tuc|ban luan|khang dinh|du doan|biet|xem|mo|
        doc|hoan thanh|
        xu ly|cho ban|hien thi|binh luan|tham gia|soan|de xuat|huong dan""",
    "kha nang": r"(?:thong tin|du lieu|kien thuc|quyen|kha nang|cau tra loi|chuyen mon|tham quyen|y kien)",
    "van ban": r"(?:van ban|tai lieu|ngu canh|doan van|doan trich|noi dung|thong tin)",
}
ENGLISH = r"""
<we><adverb> <cannot><adverb> (?:<serve>)
<we>(?: am| are|'m|'re)(?: \w+)? (?:unable|not able|not allowed|not permitted|not in a position)(?! to (?:attend|
  come|join|make it|feel|be there))\b
<we>(?: am| are|'m|'re)(?: \w+)? (?:not (?:at ease|comfortable|authori[sz]ed|qualified|equipped|programmed)|
  prohibited)\b
<we> (?:currently )?(?:do not|don't)(?: currently| actually)? have <lack><knowledge>
<we> have no <lack>(?:<knowledge>|way (?:to|of)\b|comment)
<apology>.{0,40}\b(?:no comment|can ?not be|can't be|not available|not possible|did ?n[o']t understand|
  do not understand)
<we>(?:'m| am) not (?:aware|familiar|sure|certain) (?:of|with|about|what|how|who|i)\b
<we> (?:would |'d )?(?:need|require) (?:some |a bit |a little )?more (?:information|context|details?)
\b(?:is|are) ?(?:not|n't) (?:enough|sufficient) (?:information|context|data|details?)\b
\b(?:that|this|the|your) (?:question|request) (?:can ?not|can't|could not) be (?:\w+ )?(?:answered|fulfilled|
  completed)
<we> (?:really |honestly |simply )?(?:do not|don't) know(?: the answer| that| who| what| when| where| how many| if|
  [.,!;]|$)
<we>(?: am|'m)? (?:have no idea|not sure (?:what|how|who|about|i)|not certain (?:what|how|about))
<we>(?: would|'d| will|'ll| must| have to)? ?(?:really )?(?:rather not|prefer not|decline to|refuse to|choose not to|
  prefer to change the subject|(?:respect|polite)\w+ decline)
\bas an? (?:ai|artificial intelligence|(?:large )?language model|assistant|virtual)\b.{0,40} (?:i|we) (?:<cannot>|
  don't|do not|am|'m|must|lack)
\b(?:i'm|i am) (?:just|only|merely) an? (?:ai|language model|assistant)
\b(?:against|violates?) (?:my|our|the) (?:\w+ )?(?:guidelines|polic(?:y|ies)|programming|principles|rules|terms)
\b(?:outside|beyond|not within|out of)(?: of)? (?:my|the scope of my|the scope of what i|what i)\b
\bnot something (?:i|we) (?:can|am able|'m able|could|will)\b
\b(?:something|a thing) (?:i|we) (?:<cannot>|am unable to|'m unable to) (?:do|help|discuss|answer|share|talk)
<we> (?:do not|don't) feel comfortable\b
<we> lack <lack>(?:<knowledge>|expertise|tools)
\b(?:not|in)(?: be)? ?appropriate for me to\b
<we> (?:do not|don't) (?:give|offer|provide|answer|discuss|share|engage|comment)\b
\bno (?:relevant |such |specific )?(?:information|data|results?|answer|mention)\b.{0,40}\b(?:available|provided|
  found|given|in the <source>)
\b<source>(?: \w+){0,3} (?:does|do|did)(?: not|n't) (?:contain|mention|include|provide|say|specify|state|address|
  discuss|give|cover)
\b(?:not (?:mentioned|specified|stated|provided|included|covered|given)|nothing) (?:in|by|
  within) the (?:\w+ ){0,2}<source>
\b(?:not enough|insufficient) (?:information|context|data|details) (?:to|for|is|was|provided|given)
\b(?:your|this|the) (?:request|question|prompt|query) (?:has been|was|is|cannot be|can't be) (?:\w+ )?(?:blocked|
  declined|refused|denied|rejected|answered|fulfilled|processed|completed)
\b(?:let's|let us|can we|could we|shall we) (?:talk about|discuss|change|focus on|move on|
  switch) (?:\w+ ){0,2}(?:else|different|subject|topic|another)
"""
VIETNAMESE = r"""
<self>(?: \w+){0,3} khong the(?: \w+)? (?:<giup>)
\b(?:xin loi|rat tiec|that tiec|tiec la|tiec rang|xin thu loi).{0,60}\bkhong the(?: \w+)? (?:<giup>)
\b(?:xin loi|rat tiec|that tiec|tiec la|tiec rang|xin thu loi).{0,60}\bkhong (?:co (?:\w+ )?<kha nang>|duoc phep|
  biet|ho tro|tra loi|cung cap|tim thay)
<self> (?:\w+ )?khong (?:tien|muon) (?:tra loi|noi|chia se|ban|binh luan)
\bkhong (?:phu hop|thich hop|nen|tien) (?:de )?(?:thao luan|tra loi|ban|chia se)
<self>(?: \w+){0,2} (?:khong|chua) (?:co|du|nam)(?: \w+){0,2} <kha nang>
<self> (?:cung |that su |thuc su |hien )?(?:khong|chua|chang) (?:biet|ro|chac|duoc phep|nam ro)\b
<self> (?:xin |xin phep |phai |buoc phai |danh )?(?:duoc )?(?:tu choi|khong tra loi|khong ban)
\bla mot (?:mo hinh|tri tue nhan tao|tro ly|he thong|chuong trinh|ai|chatbot)\b.{0,60}<self> (?:khong|chua)
<self> (?:chi la|la) (?:mot )?(?:mo hinh|tri tue|tro ly ao|ai|chatbot|bot)\b.{0,40}\bkhong
\b(?:nam ngoai|vuot qua|vuot ngoai|ngoai) (?:kha nang|pham vi|tham quyen|chuyen mon|hieu biet)(?: \w+){0,3} (?:toi|
  minh|em|ho tro)
\b(?:khong|chua) (?:co )?du (?:thong tin|du lieu|co so|can cu) (?:de|nham)
\b(?:khong|chua) (?:tim thay|tim duoc|co) (?:\w+ )?(?:thong tin|du lieu|ket qua|tai lieu)(?: \w+){0,3} (?:ve|
  lien quan|phu hop|trong|nay|cho)
\b<van ban>(?: \w+){0,4} khong (?:he )?(?:de cap|chua|co thong tin|cung cap|noi|neu|nhac)
\b(?:vi pham|trai voi|khong phu hop voi) (?:\w+ )?(?:chinh sach|nguyen tac|quy dinh|quy tac|dao duc|huong dan)
\byeu cau (?:nay |cua ban |tren )?(?:da )?(?:bi|khong the) (?:tu choi|chan|thuc hien|dap ung|xu ly)
\b(?:noi|ban|chuyen|thao luan) (?:ve |sang )?(?:mot )?(?:chuyen|chu de|van de) khac
"""
# What begins like a refusal and is none.
HARMLESS_PHRASES = r"""
<we> <cannot> (?:wait|recommend [\w ]{0,25}enough|help but|say enough|stress|say no)
\bkhong the (?:cho|doi|dong y hon|tuyet voi hon|thieu)\b
"""


def _pattern(phrases: str) -> re.Pattern[str]:
    text = "|".join(phrases.strip().replace("\n  ", "").split("\n"))
    for name, part in PARTS.items():
        text = text.replace(f"<{name}>", re.sub(r"\n *", "", part))
    return re.compile(text, re.DOTALL)


REFUSAL = _pattern(ENGLISH.rstrip() + VIETNAMESE)
HARMLESS = _pattern(HARMLESS_PHRASES)
