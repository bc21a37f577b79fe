"""URLs that say who somebody is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails.scanning.clues import Clues
from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading
from guardrails.scanning.words import any_of

PEOPLE = (
    "users?|people|persons?|profiles?|members?|staff|team|employees?|authors?|customers?|patients?|students?|contacts?"
)
ASKED = (
    "e-?mail|email_?address|mail|name|first_?name|last_?name|full_?name|user|user_?name|login|phone|phone_?number|tel"
    "|mobile|ssn|dob|birth_?date|date_of_birth|passport|ho_?ten|ten|sdt|cmnd|cccd"
)
# Paths of these sites that are no person's.
NO_PERSON = any_of((
    "about", "ads", "api", "apps", "auth", "blog", "business", "careers", "communities", "community", "company",
    "contact", "developers", "dialog", "directory", "docs", "download", "events", "explore", "feed", "gaming",
    "groups", "hashtag", "help", "home", "i", "intent", "jobs", "legal", "login", "logout", "marketplace",
    "media", "messages", "news", "notifications", "oauth", "p", "pages", "photo", "photos", "plugins",
    "policies", "post", "posts", "press", "privacy", "public", "reel", "reels", "search", "security",
    "settings", "share", "sharer", "signup", "sitemap", "status", "stories", "stream", "support", "terms",
    "topics", "tv", "video", "videos", "watch", "wiki",
))  # fmt: skip
# Parts of paths such as /users/sign-in and /people/our-team.
NO_NAME = frozenset((
    "a", "about", "account", "accounts", "add", "admin", "all", "and", "api", "app", "archive", "avatar",
    "best", "bulk", "by", "change", "chat", "confirm", "create", "current", "dashboard", "data", "delete",
    "details", "directory", "edit", "export", "faq", "find", "for", "forgot", "get", "group", "groups", "guide",
    "help", "home", "how", "id", "image", "import", "in", "index", "info", "invite", "latest", "list", "log",
    "login", "logout", "manage", "management", "me", "my", "name", "new", "of", "off", "on", "or", "our", "out",
    "page", "password", "permissions", "popular", "preferences", "profile", "public", "register", "reset",
    "resources", "role", "roles", "search", "security", "self", "service", "settings", "sign", "signin",
    "signup", "stats", "status", "success", "support", "team", "the", "to", "top", "update", "upload", "user",
    "users", "verify", "view", "with", "you", "your", "example", "sample", "default", "guest", "test", "demo",
    "stories", "story",
))  # fmt: skip


class UrlRecognizer:
    """URLs with credentials, and those of a person's page or with a person's data in the query.

    Other URLs are no personal data. A scheme is not needed for the latter. A page at GitHub or a like site is none, as
    it may be an organisation's.
    """

    entity = "URL"
    reads: Reading = "text"
    clues = Clues(parts=("/", "="))
    trigger = rf"://|/~\w|\.(?:com|me)/[\w@+]|/(?:{PEOPLE}|u|in)/|[?&](?:{ASKED})="

    CHARACTERS = r"[^\s<>\"'`|\\^{}\[\]]"
    # From the beginning of a token or a bracket; a scheme, or a host name with a path or a query.
    URL = re.compile(
        r"(?<![\w@.+/:-])(?:[A-Za-z][A-Za-z0-9+.-]{1,20}://"
        rf"|(?=[A-Za-z0-9][\w-]*\.[\w-])(?=[\w.-]{{4,64}}(?::\d+)?[/?])){CHARACTERS}+"
    )
    CREDENTIALS = re.compile(r"[A-Za-z][\w+.-]*://[^\s/?#@:]*:[^\s/?#@]+@[^\s/?#@]")
    PROFILE = re.compile(
        r"(?:[a-z][a-z0-9+.-]*://)?(?:[\w-]+\.)?(?:"
        r"linkedin\.com/(?:in|pub)/[\w%.-]{2,}"
        rf"|(?:facebook|fb|instagram|twitter|vk|x|threads)\.com/(?!(?:{NO_PERSON}|[\w.-]+\.php)(?:[/?#]|\Z))"
        r"@?[\w.-]{2,}/?(?:[?#]|\Z)"
        r"|facebook\.com/(?:profile\.php\?(?:[^#]*&)?id=\d|people/[\w.%-]+)"
        r"|(?:tiktok|medium)\.com/@[\w.-]{2,}"
        r"|reddit\.com/u(?:ser)?/[\w-]{2,}"
        r"|stackoverflow\.com/users/\d+/\w"
        r"|(?:wa|zalo)\.me/\+?\d{8,}|(?:m|t|fb)\.me/(?!(?:joinchat|s|c|share|addstickers)/)[A-Za-z][\w.]{3,}"
        r"|orcid\.org/\d{4}-)",
        re.IGNORECASE,
    )
    HOME = re.compile(r"/~(?P<name>[A-Za-z][\w.-]+)")
    PERSON = re.compile(rf"/(?:{PEOPLE})/(?P<name>[A-Za-z]+(?:[._-][A-Za-z]+){{1,3}})(?![\w.-])", re.IGNORECASE)
    QUERY = re.compile(rf"[?&](?:{ASKED})=(?:\+|%[0-9A-F]{{2}})*\w", re.IGNORECASE)
    TRAILING = re.compile(r"[.,;:!?*_~]+\Z")
    SCORE = 0.6

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self.URL.finditer(text, start, end):
            url = self._without_punctuation(match.group())
            if self.CREDENTIALS.match(url):
                yield Finding(self.entity, match.start(), match.start() + len(url), 1.0, validated=True)
            elif self._is_personal(url):
                yield Finding(self.entity, match.start(), match.start() + len(url), self.SCORE)

    def _is_personal(self, url: str) -> bool:
        if self.PROFILE.match(url) or self.HOME.search(url) or self.QUERY.search(url):
            return True
        person = self.PERSON.search(url)
        return person is not None and not NO_NAME.intersection(re.split("[._-]", person["name"].lower()))

    def _without_punctuation(self, url: str) -> str:
        """Without what ends the sentence, or a bracket that was opened before the URL."""
        while True:
            before = url
            url = self.TRAILING.sub("", url)
            if url.endswith(")") and url.count("(") < url.count(")"):
                url = url[:-1]
            if url == before:
                return url
