"""Dates of birth: dates after words that say so, in English and Vietnamese."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails.pii.recognizers.cues import DIGITS
from guardrails.scanning.clues import Clues
from guardrails.scanning.finding import Finding
from guardrails.scanning.folding import fold
from guardrails.scanning.recognizer import Reading

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
DAY = r"(?:0?[1-9]|[12]\d|3[01])"
NUMBER_OF_MONTH = r"(?:0?[1-9]|1[0-2])"
YEAR = r"(?:19|20)\d\d"
TEXT_BETWEEN = 40  # characters
WORDS_BETWEEN = 3  # so that the day is in one of the five tokens after the cue, of which a window is sure

CUE = (
    r"(?<![a-z0-9])(?:(?:re)?born|dob|d\.o\.b|(?:date|day|year|month)[ _-]?of[ _-]?birth|dateofbirth"
    r"|birth[ _-]?(?:dates?|days?|year)|b-?day"
    r"|sinh[ _-]?(?:ngay|nam|nhat|vao)|(?:ngay|nam)(?:[ _-]?thang)?(?:[ _-]?nam)?[ _-]?sinh|ngaysinh|namsinh)"
    r"(?![a-z0-9])"
)
PARTS_OF_CUES = ("born", "birth", "dob", "d.o.b", "bday", "b-day", "sinh")
BETWEEN = rf"(?:[^\d\n;!?<]|<[a-z/]){{0,{TEXT_BETWEEN}}}"
OF_DATE = re.compile(CUE + BETWEEN + r"\Z|(?<![a-z0-9])sinh\s?[:=]?\s?\Z")
# A year alone, or a day without one, needs more: "born in 1980" and "born in Hanoi in 1980", but not "born to sell 1980
# houses".
OF_PART = re.compile(
    CUE + r"(?:[\s:=(\"',-]|(?:in|is|on|the|year|nam|vao|ngay|trong|la|about|around|circa|c\.)(?![a-z]))*\Z"
    rf"|(?<![a-z0-9])(?:born\s(?:in|at){BETWEEN}\sin|sinh)\s?[:=]?\s?\Z"
)
SENTENCE_END = re.compile(r"(?<![a-z]\.[a-z])(?<!\b[a-z])\.\s")
REACH = 60


class DateOfBirthRecognizer:
    """Dates of birth that begin with a digit, such as ``14/03/1980``, ``14 March 1980`` and ``5 tháng 3 năm 1990``.

    The date must be the first number after a cue, in the same sentence and at most 40 characters from it.
    """

    entity = "DATE_OF_BIRTH"
    reads: Reading = "text"
    trigger = DIGITS

    DATE = re.compile(
        r"\d(?<![\w.][0-9])(?:"
        rf"\d?(?:st|nd|rd|th)?(?:[ ,./-]{{1,2}}|\sof\s){MONTH}(?:[ ,.'/-]{{1,2}}(?:{YEAR}|\d\d))?"
        rf"|\d?[-/. ]{{1,2}}[0-3]?\d[-/. ]{{1,2}}(?:{YEAR}|\d\d)"
        rf"|\d{{3}}[-/. ]{NUMBER_OF_MONTH}[-/. ]{DAY}"
        rf"|\d{{3}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
        rf"|\d?\s(?:tháng|thang)\s{NUMBER_OF_MONTH}(?:,?\s(?:năm|nam)\s{YEAR}|[ /]{YEAR})?"
        rf"|(?P<part>(?<=1)9\d\d|(?<=2)0\d\d|\d?[-/]{NUMBER_OF_MONTH})"
        r")(?![^\WT]|T(?!\d)|[-/.]\d)",
        re.IGNORECASE | re.ASCII,
    )
    SCORE = 0.8

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        lower = text.lower()
        if not any(part in lower for part in PARTS_OF_CUES):
            return
        for match in self.DATE.finditer(text, start, end):
            begin = match.start()
            before = fold(text[max(0, begin - REACH) : begin])
            cue = (OF_PART if match["part"] else OF_DATE).search(before)
            if cue and not SENTENCE_END.search(cue.group()):
                yield Finding(self.entity, begin, match.end(), self.SCORE)


class MonthFirstDateOfBirthRecognizer:
    """Dates of birth that begin with the month, such as ``March 14, 1980``, at most three words after a cue."""

    entity = "DATE_OF_BIRTH"
    reads: Reading = "folded"
    trigger = r"b(?:orn\b|irth|-?day\b)|d(?:ob\b|\.o\.b\b)|sinh"
    clues = Clues(parts=PARTS_OF_CUES)

    DATE = re.compile(
        CUE + rf"(?:[^\w\n;!?<]+[a-z]+){{0,{WORDS_BETWEEN}}}?[^\w\n;!?<]+"
        rf"(?P<date>{MONTH}[ ,-]{{1,2}}(?:the )?(?:{DAY}(?:st|nd|rd|th)?(?!\d)(?:[ ,-]{{1,2}}{YEAR})?|{YEAR}))"
        r"(?!\w|[-/.]\d)"
    )
    SCORE = 0.8

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        # A cue may stand before the window.
        for match in self.DATE.finditer(text, max(0, start - REACH), end):
            begin, finish = match.span("date")
            if begin >= start and not SENTENCE_END.search(text[match.start() : begin]):
                yield Finding(self.entity, begin, finish, self.SCORE)
