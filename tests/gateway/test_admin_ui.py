"""The admin UI in a real browser: it logs in, shows what the gateway has, and asks nobody else for anything."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from inferspect.testing.gateway import GatewayProcess

CHROMIUM = shutil.which("chromium")
OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 120_000  # milliseconds

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@dataclass
class Visit:
    """A browser's page with all that it asked for, and all that went wrong in it."""

    page: Page
    gateway: GatewayProcess
    requests: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.mistakes.append(str(error)))
        self.page.on("response", lambda response: self._note(response.status, response.url))

    def _note(self, status: int, url: str) -> None:
        if status >= 500:
            self.mistakes.append(f"{status} {url}")

    def open(self, name: str) -> None:
        self.page.goto(f"{self.gateway.url}/ui/{name}/")

    def sees(self, text: str) -> None:
        """Wait until the page shows a text."""
        self.page.get_by_text(text).first.wait_for()

    def outside(self) -> list[str]:
        """Requests to anything but the gateway."""
        own = (f"{self.gateway.url}/", "data:", "blob:")
        return [url for url in self.requests if not url.startswith(own)]


@dataclass(frozen=True)
class Shown:
    """What the gateway has, by the names under which pages show it."""

    team: str
    key: str
    budget: str
    model: str


@pytest.fixture(scope="module")
def shown(gateway: GatewayProcess) -> Shown:
    mark = uuid.uuid4().hex[:8]
    names = Shown(f"team-{mark}", f"key-{mark}", f"budget-{mark}", "demo")
    with gateway.client() as admin:
        team = admin.post("/team/new", json={"team_alias": names.team, "max_budget": 25}).raise_for_status().json()
        key = {"team_id": team["team_id"], "key_alias": names.key}
        made = admin.post("/key/generate", json=key).raise_for_status().json()
        budget = {"budget_id": names.budget, "max_budget": 12.5}
        admin.post("/budget/new", json=budget).raise_for_status()
    with gateway.client(made["key"]) as tenant:
        body = {"model": names.model, "messages": [{"role": "user", "content": "hello"}]}
        tenant.post("/v1/chat/completions", json=body).raise_for_status()
    while not gateway.query('SELECT 1 FROM "LiteLLM_SpendLogs" WHERE api_key = %s', made["token"]):
        time.sleep(0.2)
    return names


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def visit(gateway: GatewayProcess, browser: Browser) -> Visit:
    """The UI after the login of its administrator."""
    visit = Visit(browser.new_page(viewport={"width": 1600, "height": 1200}), gateway)
    visit.open("login")
    visit.page.get_by_placeholder("Enter your username").fill("admin")
    visit.page.get_by_placeholder("Enter your password").fill(gateway.credentials()["ui_password"])
    visit.page.get_by_role("button", name="Login", exact=True).click()
    visit.sees("Virtual Keys")
    return visit


@pytest.mark.parametrize(
    ("name", "content"),
    [("api-keys", "key"), ("teams", "team"), ("budgets", "budget"), ("usage", "model"), ("logs", "team")],
)
def test_a_page_shows_what_the_gateway_has(visit: Visit, shown: Shown, name: str, content: str) -> None:
    """The page shows a name that was made for this test, with no error and nothing from another server."""
    visit.open(name)
    visit.sees(getattr(shown, content))
    visit.page.wait_for_load_state("networkidle")
    assert visit.outside() == []
    assert visit.mistakes == []


def test_a_wrong_password_is_refused(gateway: GatewayProcess, browser: Browser) -> None:
    """Without the administrator's password the login page stays."""
    with browser.new_context() as context:
        visit = Visit(context.new_page(), gateway)
        visit.open("login")
        visit.page.get_by_placeholder("Enter your username").fill("admin")
        visit.page.get_by_placeholder("Enter your password").fill("wrong")
        with visit.page.expect_response(lambda response: "/login" in response.url and response.status >= 400):
            visit.page.get_by_role("button", name="Login", exact=True).click()
        assert "/ui/login" in visit.page.url
        assert visit.outside() == []
