from collections.abc import Callable

import pytest

FOUND = {
    "Born on: 1990-03-05T00:00:00Z": "1990-03-05",
    "Birthday: 05/03": "05/03",
    "my birthday is on 5-3": "5-3",
    "sinh: 05/03/1990": "05/03/1990",
    "Nguyễn Văn A (sinh 1990)": "1990",
    "She was born in Hanoi, Vietnam in 1975.": "1975",
    "He was born in 1975 in Rome and died on 3 May 2001.": "1975",
    "<td>DOB</td><td>14/03/1980</td>": "14/03/1980",
    "born 14/03/1980, married 02/05/2004": "14/03/1980",
    "born on 14 March 1980": "14 March 1980",
    "born March 14, 1980 in Hanoi": "March 14, 1980",
    "She was born on the 14th of March 1980.": "14th of March 1980",
    "born 14-Mar-1980": "14-Mar-1980",
    "DOB: 14/03/1980": "14/03/1980",
    "dob 03/14/80": "03/14/80",
    "D.O.B. 1980-03-14": "1980-03-14",
    "Date of birth: 14.03.1980": "14.03.1980",
    "date_of_birth=1980-03-14": "1980-03-14",
    '{"dateOfBirth": "1980-03-14"}': "1980-03-14",
    '{"birth_date":"1980/03/14"}': "1980/03/14",
    "birthdate 19800314": "19800314",
    "my birthday is May 5th": "May 5th",
    "his birthday is on 5 May": "5 May",
    "born in Hanoi on 2 September 1975": "2 September 1975",
    "born in Paris on September 2, 1975": "September 2, 1975",
    "Jane Doe (born 1980) is": "1980",
    "he was born in 1980": "1980",
    "year of birth: 1975": "1975",
    "sinh ngày 14/03/1980": "14/03/1980",
    "Ngày sinh: 14-3-1980": "14-3-1980",
    "ngay sinh 14.03.1980": "14.03.1980",
    "sinh ngày 5 tháng 3 năm 1990": "5 tháng 3 năm 1990",
    "sinh ngay 5 thang 3 nam 1990": "5 thang 3 nam 1990",
    "năm sinh: 1990": "1990",
    "tôi sinh năm 1990 ở Huế": "1990",
    "NGÀY THÁNG NĂM SINH: 01/02/1990": "01/02/1990",
    "sinh nhật của tôi là 5/3/1990": "5/3/1990",
    "nga\u0300y sinh: 14/03/1980": "14/03/1980",
}
NOT_FOUND = [
    "born to win, and in 1980 they did",
    "sinh học 1990",
    "a birthday party for 20-25 people",
    "14 March 1980",
    "on 14/03/1980 we met",
    "the meeting is on March 14, 1980",
    "founded in 1980",
    "stubborn 14/03/1980",
    "born to be wild. It came out on 14/03/1968",
    "born in a family of 5 children on 14",
    "newborn 1980 grams",
    "sinh viên năm 1990",
    "born and raised here; moved on 14/03/1980",
    "ngày 14/03/1980",
    "airborne 1980",
    "reborn",
    "born to sell 1980 houses",
]


@pytest.mark.parametrize(("text", "value"), FOUND.items())
def test_value_is_found(
    text: str,
    value: str,
    values: Callable[[str, str], list[str]],
    among_all: Callable[[str], list[tuple[str, str]]],
) -> None:
    """By its recognizer, in a scan, and among the findings of all recognizers."""
    assert values("DATE_OF_BIRTH", text) == [value]
    assert ("DATE_OF_BIRTH", value) in among_all(text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_lookalike_is_left_alone(text: str, values: Callable[[str, str], list[str]]) -> None:
    assert values("DATE_OF_BIRTH", text) == []
