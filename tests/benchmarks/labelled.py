"""Labelled sentences to compare accuracy on: made from templates and valid values by a generator with a fixed seed."""

from __future__ import annotations

import calendar
import hashlib
import ipaddress
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from guardrails.labelled import Example, Label

SEED = 20_261_120
OF_EACH = 40

Draw = random.Random
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
HEX = "0123456789abcdef"
FIRST = ("jane", "omar", "li.wei", "an", "sofia", "per", "kwame", "maria-luisa", "tuan", "d_kumar", "olga", "b.oconnor")
HOSTS = ("example.com", "mail.example.org", "example.co.uk", "post-amt.example.de", "example.io", "example.museum")
CALLING = ("US", "GB", "DE", "FR", "IN", "BR", "CA", "IL", "VN", "JP", "AU", "SE", "ES", "IT", "NL", "ZA", "SG", "MX")
AT_HOME = ("US", "GB", "DE", "FR", "IN", "CA")
# Length and form of what follows country and check digits: n is a digit, a a letter, c either.
IBANS = {
    "DE": "n" * 18, "GB": "aaaa" + "n" * 14, "NL": "aaaa" + "n" * 10, "ES": "n" * 20, "BE": "n" * 12, "AT": "n" * 16,
    "CH": "nnnnn" + "c" * 12, "PL": "n" * 24, "SE": "n" * 20, "PT": "n" * 21, "FR": "n" * 10 + "c" * 11 + "nn",
    "IT": "a" + "n" * 10 + "c" * 12, "NO": "n" * 11, "DK": "n" * 14, "IE": "aaaa" + "n" * 14,
}  # fmt: skip
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


@dataclass(frozen=True, slots=True)
class Kind:
    """Values of one entity, and sentences that they stand in."""

    entity: str
    value: Callable[[Draw], str]
    templates: tuple[str, ...]


def email(draw: Draw) -> str:
    name = draw.choice(FIRST) + draw.choice(("", "", "+news", str(draw.randint(1, 99)), ".archive"))
    address = f"{name}@{draw.choice(HOSTS)}"
    return draw.choice((address, address, address, address.title(), address.upper()))


def phone(draw: Draw) -> str:
    home = draw.random() < 0.3
    region = draw.choice(AT_HOME if home else CALLING)
    kind = draw.choice((PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE))
    number = phonenumbers.example_number_for_type(region, kind)
    assert number is not None
    assert number.national_number is not None
    digits = str(number.national_number)
    while True:
        number.national_number = int(digits[:-4] + "".join(draw.choices("0123456789", k=4)))
        if phonenumbers.is_valid_number(number):
            break
    if home:
        return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    written = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    country, _, rest = written[1:].partition(" ")
    area, _, subscriber = rest.partition(" ")
    return draw.choice(
        (
            written,
            written.replace(" ", "-"),
            written.replace(" ", ""),
            written.replace(" ", "."),
            f"+{country} ({area}) {subscriber}" if subscriber else written,
            f"00{country} {rest}",
        )
    )


def card(draw: Draw) -> str:
    first, length = draw.choice((("4", 16), ("51", 16), ("5500", 16), ("34", 15), ("37", 15), ("6011", 16)))
    number = first + "".join(draw.choices("0123456789", k=length - len(first) - 1))
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    number += str(-total % 10)
    groups = (4, 6, 5) if length == 15 else (4, 4, 4, 4)
    return draw.choice(("", " ", "-")).join(_grouped(number, groups))


def iban(draw: Draw) -> str:
    country = draw.choice(sorted(IBANS))
    among = {"n": "0123456789", "a": LETTERS, "c": LETTERS + "0123456789"}
    account = "".join(draw.choice(among[form]) for form in IBANS[country])
    as_number = int("".join(str(int(character, 36)) for character in f"{account}{country}00"))
    number = f"{country}{98 - as_number % 97:02}{account}"
    return number if draw.random() < 0.5 else " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def ip(draw: Draw) -> str:
    if draw.random() < 0.6:
        return str(ipaddress.IPv4Address(draw.randrange(0x0B000000, 0xDF000000)))
    address = ipaddress.IPv6Address(0x2001_0DB8 << 96 | draw.getrandbits(draw.choice((16, 64, 90))))
    return draw.choice((str(address), str(address).upper(), address.exploded))


def ssn(draw: Draw) -> str:
    area = draw.choice([*range(100, 666), *range(667, 899)])
    parts = f"{area}", f"{draw.randint(11, 99)}", f"{draw.randint(1001, 9998)}"
    return draw.choice(("-", "-", " ")).join(parts)


def wallet(draw: Draw) -> str:
    content = draw.randbytes(20)
    if draw.random() < 0.35:
        return _segwit(content)
    payload = draw.choice((b"\x00", b"\x05")) + content
    payload += hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, written = int.from_bytes(payload), ""
    while number:
        number, rest = divmod(number, 58)
        written = BASE58[rest] + written
    return "1" * (len(payload) - len(payload.lstrip(b"\x00"))) + written


def mac(draw: Draw) -> str:
    digits = "".join(draw.choices(HEX, k=12))
    written = draw.choice((":", ":", "-")).join(_grouped(digits, (2,) * 6))
    written = ".".join(_grouped(digits, (4, 4, 4))) if draw.random() < 0.2 else written
    return written.upper() if draw.random() < 0.5 else written


def identifier(draw: Draw) -> str:
    written = str(uuid.UUID(int=draw.getrandbits(128), version=4))
    return written.upper() if draw.random() < 0.25 else written


def address_with_password(draw: Draw) -> str:
    scheme = draw.choice(("https", "http", "ftp"))
    secret = "".join(draw.choices(LETTERS.lower() + "0123456789", k=draw.randint(6, 12)))
    path = draw.choice(("", "/inbox", "/files/2024/list.csv", "/search?q=tax&page=2", ":8443/admin"))
    return f"{scheme}://{draw.choice(('jane', 'omar', 'svc-7'))}:{secret}@{draw.choice(HOSTS)}{path}"


def birthday(draw: Draw) -> str:
    day, month, year = draw.randint(1, 28), draw.randint(1, 12), draw.randint(1935, 2009)
    return draw.choice(
        (
            f"{year}-{month:02}-{day:02}",
            f"{month:02}/{day:02}/{year}",
            f"{day:02}.{month:02}.{year}",
            f"{day} {calendar.month_name[month]} {year}",
            f"{calendar.month_name[month]} {day}, {year}",
        )
    )


def _grouped(digits: str, lengths: tuple[int, ...]) -> list[str]:
    ends = [sum(lengths[: index + 1]) for index in range(len(lengths))]
    return [digits[end - length : end] for end, length in zip(ends, lengths, strict=True)]


def _segwit(program: bytes) -> str:
    """An address of version 0; https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki."""
    bits = f"{int.from_bytes(program):0{8 * len(program)}b}"
    data = [0, *(int(bits[at : at + 5], 2) for at in range(0, len(bits), 5))]
    checksum = 1
    for value in [*(ord(letter) >> 5 for letter in "bc"), 0, *(ord(letter) & 31 for letter in "bc"), *data, *[0] * 6]:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            checksum ^= generator if top >> bit & 1 else 0
    checksum ^= 1
    return "bc1" + "".join(BECH32[value] for value in [*data, *(checksum >> 5 * (5 - at) & 31 for at in range(6))])


KINDS = (
    Kind("EMAIL_ADDRESS", email, (
        "Please send the signed form to {} before Friday.", "My e-mail: {}", "cc {} and keep the thread short",
        "From: <{}>", "Who owns the mailbox {}, and since when?", "contact={};priority=low",
        "She wrote from {}. Nobody answered.", "Reset the password of {}!",
    )),
    Kind("PHONE_NUMBER", phone, (
        "Call me at {} after lunch.", "Phone: {}", "My mobile number is {}, but text first.",
        "You can reach the clinic by telephone, {}, on weekdays.", "tel {} (reception)",
        "The new contact number of the branch is {}.", "Her cell is {} and she prefers to be called.",
        "Dial {} and ask for the night desk.",
    )),
    Kind("CREDIT_CARD", card, (
        "Charge it to {} please.", "My card number is {}, valid until next year.", "Card: {}",
        "The refund for {} has not arrived yet.", "He read {} over the phone.", "payment failed for {}: declined",
        "Is {} a Visa or a Mastercard?",
    )),
    Kind("IBAN_CODE", iban, (
        "Transfer the deposit to {} by Monday.", "IBAN: {}", "Our account is {}, the bank is in the city.",
        "The salary goes to {} from now on.", "Please check {}; the payment came back.",
        "Beneficiary account {} was closed.", "She gave {} for the refund.",
    )),
    Kind("IP_ADDRESS", ip, (
        "The login came from {} at night.", "Server {} does not answer.", "Allow {} in the firewall.",
        "ping {} loses packets", "client={} status=403", "Why is {} on our block list?", "Route it over {}, please.",
    )),
    Kind("US_SSN", ssn, (
        "My SSN is {}.", "Social security number: {}", "The applicant's social security is {}, see page 2.",
        "ssn {} was entered twice", "Employee with SSN {} has left.", "Please verify {} as her social security number.",
    )),
    Kind("CRYPTO", wallet, (
        "Send the bitcoin to {} today.", "My wallet is {}", "btc address {} received nothing",
        "Donations: {}", "Is {} a valid wallet?", "The coins went from {} to an exchange.",
    )),
    Kind("MAC_ADDRESS", mac, (
        "The printer has the MAC address {}.", "Block {} on the switch.", "MAC: {}", "lease for {} expired",
        "Which device is {} in the lobby?", "The card {} was replaced.",
    )),
    Kind("UUID", identifier, (
        "The request id is {}.", "Look up order {} for me.", "trace={} failed", "Session {} has expired.",
        "uuid: {}", "Delete the document {}, please.",
    )),
    Kind("URL", address_with_password, (
        "Fetch it from {} every night.", "The old link was {}", "curl {} gives 401", "Do not share {} with anyone.",
        "backup: {}", "We connect to {} for the export.",
    )),
    Kind("DATE_OF_BIRTH", birthday, (
        "She was born on {} in Leeds.", "Date of birth: {}", "DOB {}", "The patient, born {}, has no allergies.",
        "His birthday is {}.", "My date of birth is {}, as on the form.",
    )),
)  # fmt: skip

FORMS = (
    '{{"customer": "A. Jones", "{key}": "{value}", "visits": 3}}',
    "name,{key},city\nA. Jones,{value},Leeds",
    "| {key} | {value} |",
    "- {key}: {value}\n- notes: none",
    "<td>{value}</td>",
    "{key}='{value}'",
    "({value})",
)
"""As programs write values."""
KEYS = {
    "EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "CREDIT_CARD": "card_number", "IBAN_CODE": "iban",
    "IP_ADDRESS": "ip", "US_SSN": "ssn", "CRYPTO": "wallet", "MAC_ADDRESS": "mac", "UUID": "id", "URL": "url",
    "DATE_OF_BIRTH": "date_of_birth",
}  # fmt: skip

ORDINARY = (
    "The meeting moved from 10:30 to 14:15 because of the 3 fire drills.",
    "Revenue grew by 4.5 % to $1,250,000 in the second quarter of 2024.",
    "Version 2.13.7 fixes 12 bugs; version 3.0 will come in 2027.",
    "Order 4817 has 3 items, of which 2 are on page 118.",
    "Chapter 12, section 4.3.1, explains how to calibrate the sensor.",
    "It weighs 1 250 kg and is 4.20 m long, 1.80 m wide and 1.55 m high.",
    "The ISBN 978-3-16-148410-0 belongs to a book that I never finished.",
    "Room 204, building 7, second floor; bring 15 copies.",
    "In 1998 and 2003 the river rose by 2.5 m within 36 hours.",
    "Use port 8080 and a timeout of 30000 ms.",
    "The commit 9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f00 broke the build.",
    "Set the colour to #1f77b4 and the width to 0.75.",
    "Mix 250 g of flour, 3 eggs and 125 ml of milk at 180 degrees.",
    "The train 1542 leaves at 07:05 from platform 9.",
    "Population: 1,402,563 in 2011, and 1,489,210 in 2021.",
    "Invoice INV-2024-00317 of 5 May is still open.",
    "The parcel with 3 labels is at 48.8584 N, 2.2945 E.",
    "Her talk is number 17 of 42; slides 5 to 9 have the results.",
    "Scores: 21-19, 18-21, 21-15 after 74 minutes.",
    "Between 1914 and 1918 the price rose from 0.25 to 1.10.",
    "What is the square root of 152399025 and of 123454321?",
    "Please translate: the early bird catches the worm.",
    "@team the build is green again, see #general at 5pm.",
    "The function takes f(x) = 3x^2 + 2x - 7 and returns its 2 roots.",
    "Serial number SN-4471-AX-09 is out of warranty since 2022.",
    "Call the function twice, then call 3 of its callers.",
    "The ratio was 16:9, later 4:3, and the file had 1920x1080 pixels.",
    "Pay 1,299.00 in 12 instalments of 108.25 each.",
    "Test 1000000 rows, then 10000000, and note the seconds: 1.25, 13.1.",
    "The museum opens at 9, closes at 18, and costs 12.50 for adults.",
)
"""Sentences without a value of any entity here, full of what looks a little like one."""


def labelled() -> list[Example]:
    """The sentences with their labels: so many of each entity, and those without any."""
    draw = random.Random(SEED)
    examples = [Example("", sentence, ()) for sentence in ORDINARY]
    for kind in KINDS:
        for number in range(OF_EACH):
            if number % 4 == 3:
                form = draw.choice(FORMS[:-3] if kind.entity == "DATE_OF_BIRTH" else FORMS)
                before, after = form.format(key=KEYS[kind.entity], value="\0").split("\0")
            else:
                before, after = kind.templates[number % len(kind.templates)].split("{}")
            value = kind.value(draw)
            # Half of them in the middle of something else, as in a real message.
            if number % 2:
                before = f"{draw.choice(ORDINARY)} {before}"
                after = f"{after} {draw.choice(ORDINARY)}"
            label = Label(kind.entity, len(before), len(before) + len(value))
            examples.append(Example(f"{kind.entity} {number + 1}", before + value + after, (label,)))
    return examples
