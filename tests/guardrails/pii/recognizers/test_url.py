from collections.abc import Callable

import pytest

FOUND = {
    "https://jane:hunter2@example.com/inbox": "https://jane:hunter2@example.com/inbox",
    "at postgres://app:s3cret@db:5432/app.": "postgres://app:s3cret@db:5432/app",
    "ftp://jane:pw@files.example.com": "ftp://jane:pw@files.example.com",
    "https://linkedin.com/in/jane-doe": "https://linkedin.com/in/jane-doe",
    "see linkedin.com/in/jane-doe, please": "linkedin.com/in/jane-doe",
    "www.linkedin.com/in/jane-doe/": "www.linkedin.com/in/jane-doe/",
    "https://de.linkedin.com/in/jane-doe-12345?x=1": "https://de.linkedin.com/in/jane-doe-12345?x=1",
    "(https://www.facebook.com/jane.doe.7)": "https://www.facebook.com/jane.doe.7",
    "facebook.com/profile.php?id=100012345": "facebook.com/profile.php?id=100012345",
    "https://twitter.com/jane_doe": "https://twitter.com/jane_doe",
    "https://x.com/janedoe!": "https://x.com/janedoe",
    "https://instagram.com/jane.doe/": "https://instagram.com/jane.doe/",
    "https://www.tiktok.com/@jane": "https://www.tiktok.com/@jane",
    "https://wa.me/84912345678": "https://wa.me/84912345678",
    "https://t.me/janedoe": "https://t.me/janedoe",
    "https://uni.example.edu/~jdoe/cv.pdf": "https://uni.example.edu/~jdoe/cv.pdf",
    "uni.example.edu/~jdoe": "uni.example.edu/~jdoe",
    "https://example.com/users/jane.doe": "https://example.com/users/jane.doe",
    "https://example.com/people/jane-doe/posts": "https://example.com/people/jane-doe/posts",
    "example.com/team/jane_doe": "example.com/team/jane_doe",
    "https://example.com/signup?email=jane": "https://example.com/signup?email=jane",
    "https://example.com/?a=1&name=Jane%20Doe": "https://example.com/?a=1&name=Jane%20Doe",
    "https://example.com/search?lang=en&first_name=Jane.": "https://example.com/search?lang=en&first_name=Jane",
    "https://stackoverflow.com/users/12345/jane-doe": "https://stackoverflow.com/users/12345/jane-doe",
    "https://user:p%40ss@example.com/": "https://user:p%40ss@example.com/",
}
NOT_FOUND = [
    "https://example.com",
    "see https://example.com/docs/users.",
    "https://github.com/janedoe",
    "https://github.com/acme/app",
    "https://example.com/users",
    "https://example.com/users/sign-in",
    "https://example.com/users/",
    "www.example.com/about",
    "https://example.com/people/our-team",
    "https://www.facebook.com/groups/cats",
    "https://facebook.com/help",
    "https://twitter.com/search?q=x",
    "https://x.com/i/flow",
    "https://netflix.com/title",
    "https://www.linkedin.com/company/acme",
    "https://example.com/?email=",
    "https://example.com/?email={email}",
    "https://example.com/?page=2&size=10",
    "http://localhost:8000/docs",
    "ssh://git@example.com/app",
    "e.g. and/or",
    "a.b/c",
    "instagram.com/p/abc123",
    "t.me/s/channel",
    "https://en.wikipedia.org/wiki/Name",
    "https://example.com/authors/42",
    "://",
    "https://",
    "1/2.5/3",
]


@pytest.mark.parametrize(("text", "value"), FOUND.items())
def test_value_is_found(
    text: str,
    value: str,
    values: Callable[[str, str], list[str]],
    among_all: Callable[[str], list[tuple[str, str]]],
) -> None:
    """By its recognizer, in a scan, and among the findings of all recognizers."""
    assert values("URL", text) == [value]
    assert ("URL", value) in among_all(text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_lookalike_is_left_alone(text: str, values: Callable[[str, str], list[str]]) -> None:
    assert values("URL", text) == []
