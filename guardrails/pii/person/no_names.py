"""Capitalised words that are no names of people, and words that make a name that of a place or a company."""

from __future__ import annotations

from guardrails.pii.vietnam.provinces import CITIES, OTHER_NAMES, PROVINCE_CODES
from guardrails.scanning.folding import fold

NO_NAMES = frozenset(
    """
    a about account accountant active address admin afraid after agency agent all american an and any april as asian
    asked at august australian back based because been before best board both british brother building business but
    buyer by call can canadian candidate captain ceo certain chair chairman chairperson chief chinese church city
    client co coach colleague colleagues college committee company concerned contact corp council could crew customer
    customers day dear december department did director do doctor does dutch editor employee engineer english european
    everybody everyone everything excited february finance folks for french friday friend friends from fully german
    glad google group guest guys had happy has have he head help her here hi him hiring his hotel how i if important
    in inc indian interested international irish is it italian jan january japanese java javascript july june just
    kind korean ladies ltd llc madam man manager march may me member microsoft minister miss monday mother mr mrs ms
    my name new no none not november now nurse october of office officer ok on one only operator or our owner parent
    partner partners party patient people person please police polish president prime professor project python ready
    recruiter regarding regards russian sales saturday sender senator september she should sir sirs sister so sorry
    spanish staff state student sunday support supporter sure team teacher thank thanks that the their them there they
    this thursday to today tomorrow treasurer tuesday uk university unknown update us usa user valued vendor very
    vietnam vietnamese vip was we wednesday welcome were what when where which who why will with woman would www yes
    yesterday you your yours
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
"""English, in lower case."""

VIETNAMESE_NO_NAMES = frozenset(
    """
    các chị chú chúng chủ cô của cũng đã đang để đó em giám gì hãy hiện hôm khi khách không là mình muốn người này nếu
    như ông quý rất sẽ sinh tại tên thầy theo thì tôi trong từ vâng và về với xin
    """.split()  # noqa: SIM905 - as above
)
"""Vietnamese, in lower case."""

AFTER = frozenset(
    """
    academy agency airlines airport ambulance association avenue bank beach boulevard bridge building castle cathedral
    church city club co college company corp corporation county court drive electronics estate falls festival
    foundation gallery garden gardens group hall harbor high hill hills hospital hotel house inc institute
    international island lake lane library limited llc llp ltd manor market memorial mountain museum palace park
    partners plaza prize river road school securities services shop sons square stadium station store street
    supermarket theatre theater tower trust university valley
    """.split()  # noqa: SIM905 - as above
)
"""What makes the capitalised words before it a place or a company; in lower case."""

BEFORE = frozenset(
    """
    the st saint mount lake fort port cape university hotel restaurant cafe street duong pho quan phuong huyen xa tinh
    ngo hem cau cho thpt thcs truong vien hoc nha hang ty thanh dai lo giai bao tang quang chua den khu bien dao nui
    song vuon ga dinh lang ben benh tuong le hoi cong vien tap doan nhom chi nhanh
    """.split()  # noqa: SIM905 - as above
)
"""What makes those after it one, folded."""

PLACES = frozenset(fold(name) for name in (*PROVINCE_CODES.values(), *CITIES, *OTHER_NAMES)) | {
    "ho tay", "ho guom", "ho hoan kiem", "viet nam", "cao nguyen", "hoang sa", "truong sa", "hoang mai", "mai chau",
    "ha dong", "ha long", "tan binh", "thai lan", "ha lan", "kim ma", "son tay", "chau au", "chau a", "la thanh",
}  # fmt: skip
"""Places that look like names of people."""
