import base64
import json
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.scanning.plan import PLACEHOLDER, Plan
from guardrails.scanning.scan import Scan
from guardrails.secrets import SECRETS

PLAN = Plan(SECRETS)


def random_text(length: int, characters: str = string.ascii_letters + string.digits, seed: int = 7) -> str:
    """Made up here, so that the file itself holds nothing that looks like a secret."""
    return "".join(random.Random(seed).choices(characters, k=length))


HEXADECIMAL = "0123456789abcdef"
JWT = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (json.dumps({"alg": "HS256", "typ": "JWT"}).encode(), json.dumps({"sub": "1" * 80}).encode(), b"x" * 32)
)
PEM = (
    f"-----BEGIN {'RSA PRIVATE'} KEY-----\n" + "\n".join([random_text(64)] * 8) + f"\n-----END {'RSA PRIVATE'} KEY-----"
)

FOUND = [
    ("SECRET_PROVIDER_KEY", "sk-" + "proj-" + random_text(48)),
    ("SECRET_PROVIDER_KEY", "sk-" + "ant-api03-" + random_text(90)),
    ("SECRET_PROVIDER_KEY", "AIza" + random_text(35)),
    ("SECRET_PROVIDER_KEY", "hf_" + random_text(34, string.ascii_letters)),
    ("SECRET_PROVIDER_KEY", "gsk_" + random_text(52)),
    ("SECRET_CLOUD_KEY", "AKIA" + random_text(16, string.ascii_uppercase + string.digits)),
    ("SECRET_CLOUD_KEY", "ASIA" + random_text(16, string.ascii_uppercase + string.digits)),
    ("SECRET_CLOUD_KEY", "AccountKey=" + random_text(86) + "=="),
    ("SECRET_CLOUD_KEY", "GOCSPX-" + random_text(28)),
    ("SECRET_TOKEN", "ghp_" + random_text(36)),
    ("SECRET_TOKEN", "github_pat_" + random_text(82)),
    ("SECRET_TOKEN", "glpat-" + random_text(20)),
    ("SECRET_TOKEN", "xoxb-123456789012-123456789012-" + random_text(24, string.ascii_lowercase)),
    ("SECRET_TOKEN", "SG." + random_text(22) + "." + random_text(43)),
    ("SECRET_TOKEN", "sk_live_" + random_text(24)),
    ("SECRET_TOKEN", "npm_" + random_text(36)),
    ("SECRET_TOKEN", "AC" + random_text(32, HEXADECIMAL)),
    ("SECRET_TOKEN", "dapi" + random_text(32, HEXADECIMAL)),
    ("SECRET_TOKEN", "123456789:" + random_text(35)),
    ("SECRET_TOKEN", random_text(32, HEXADECIMAL) + "-us12"),
    ("SECRET_TOKEN", "pypi-AgEIcHlwaS5vcmc" + random_text(150)),
    ("SECRET_TOKEN", JWT),
    ("SECRET_PRIVATE_KEY", PEM),
    ("SECRET_CONNECTION_STRING", "postgresql://app:" + "s3cr3tpw" + "@db.internal:5432/orders"),
    ("SECRET_CONNECTION_STRING", "mongodb+srv://root:" + "aVeryLong1" + "@cluster0.example.net/test"),
    ("SECRET_CONNECTION_STRING", "redis://:" + "p4ssw0rd" + "@10.0.0.5:6379/0"),
]


def found(text: str) -> list[tuple[str, str]]:
    """Entity and value of each finding; a value longer than a window is put together."""
    scan, values = Scan(PLAN), []
    for step in [*scan.feed(text), *scan.finish()]:
        if step.continues:
            values[-1] = (values[-1][0], values[-1][1] + step.text)
        values += [(f.entity, step.text[f.start : f.end]) for f in step.findings if f.entity != PLACEHOLDER]
    return values


@pytest.mark.parametrize(
    "around", ["{}", "Use {} for it.", "key={}\nnext line", '"{}",', "the value `{}` is old", "x " * 90 + "{}"]
)
@pytest.mark.parametrize(("entity", "value"), FOUND, ids=[value[:14] for _, value in FOUND])
def test_secret_is_found_whole(entity: str, value: str, around: str) -> None:
    assert "".join(text for kind, text in found(around.format(value)) if kind == entity) == value


@pytest.mark.parametrize(
    ("text", "entity", "value"),
    [
        ("password: Tr0ub4dor&3", "SECRET_PASSWORD", "Tr0ub4dor&3"),
        ("The password is hunter2x, keep it", "SECRET_PASSWORD", "hunter2x"),
        ("DB_PASSWORD=k8s-Prod!99", "SECRET_PASSWORD", "k8s-Prod!99"),
        ("mật khẩu: Hanoi@2024", "SECRET_PASSWORD", "Hanoi@2024"),
        ("mat khau la saigon123", "SECRET_PASSWORD", "saigon123"),
        ("pwd = 'correcthorse'", "SECRET_PASSWORD", "correcthorse"),
        ('{"passwd": "letmein99"}', "SECRET_PASSWORD", "letmein99"),
        ("Server=db;User Id=sa;Password=Yukon9000;Encrypt=yes", "SECRET_CONNECTION_STRING", "Yukon9000"),
        ("api_key = " + random_text(32), "SECRET_HIGH_ENTROPY", random_text(32)),
        ("Authorization: Bearer " + random_text(40), "SECRET_HIGH_ENTROPY", random_text(40)),
        ("client_secret: " + random_text(40, HEXADECIMAL), "SECRET_HIGH_ENTROPY", random_text(40, HEXADECIMAL)),
    ],
)
def test_secret_is_found_by_what_stands_before_it(text: str, entity: str, value: str) -> None:
    assert (entity, value) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "The password is required and must be changed every month.",
        "password: ********",
        "password = os.environ['DB_PASSWORD']",
        "password: ${DB_PASSWORD}",
        "Password: <your password>",
        "Enter your password: then press return.",
        "password reset link",
        "mật khẩu là bắt buộc",
        "forgot password?",
        "token = get_token()",
        "The token limit is 128000 tokens.",
        "max_tokens: 1000000000000000",
        "secret santa is on Friday",
        "key: value",
        "api_key: your-api-key-goes-here",
        "API key = <API_KEY>",
        "Authorization: Bearer <token>",
        "sk-learn is scikit-learn",
        "use sk-estimator-with-a-long-name-here",
        "AKIA is the prefix of AWS keys",
        "ACHIEVEMENT",
        "SKELETON",
        "SG. 12",
        "https://example.com/path?x=1",
        "https://user@example.com/",
        "hf_model_name",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----",
        "eyJ is how a JWT begins",
        "postgresql://localhost/app",
        "postgresql://app:${PASSWORD}@db/app",
        "redis://cache:6379/0",
        "ghp_ is a prefix",
        "commit 9fceb02d0ae598e95dc970b74767f19372d6f2a7",
        "sha256:" + "e3b0c44298fc1c14" * 4,
        "uuid 123e4567-e89b-42d3-a456-426614174000",
        "the compass is broken: north",
        "bypass: enabled",
    ],
)
def test_lookalike_is_left_alone(text: str) -> None:
    assert found(text) == []


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from([value for _, value in FOUND] + [" ", "x", "\n", "="])).map("".join)
)
def test_any_text_can_be_looked_through(text: str) -> None:
    found(text)


@pytest.mark.parametrize("cut", range(1, 130, 9))
def test_private_key_is_swallowed_whole_however_it_arrives(cut: int) -> None:
    text = f"Here is the key:\n{PEM}\nDo not share it."
    scan, left = Scan(PLAN), []
    for step in [*scan.feed(text[:cut]), *scan.feed(text[cut:]), *scan.finish()]:
        position = 0
        for finding in [] if step.continues else step.findings:
            left.append(step.text[position : finding.start])
            position = finding.end
        left.append("" if step.continues else step.text[position:])
    assert random_text(64)[:20] not in "".join(left)
    assert "Do not share it." in "".join(left)
