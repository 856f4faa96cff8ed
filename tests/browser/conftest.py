"""A real Chromium on a live server. Tests that need it are skipped where it is absent."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
]
# A machine may be busy with other tests.
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)
OpenPage = Callable[..., Page]
Picture = Callable[[Page, str], Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Start the browser once for this package: its event loop ends with the last test here."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    # Playwright runs an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(chromium: Browser, live_server: Any) -> Iterator[OpenPage]:
    """Return a way to open a page of a fresh browser: `open_page(width=360, scheme="dark")`.

    Paths are relative to the live server. At the end, no page may have asked anyone else for
    anything, or written an error to the console.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(
        path: str = "",
        *,
        width: int = 1280,
        height: int = 800,
        scheme: Any = "light",
        touch: bool = False,
        script: bool = True,
    ) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            has_touch=touch,
            is_mobile=touch,
            java_script_enabled=script,
        )
        contexts.append(context)
        page = context.new_page()
        _watch(page, urlsplit(live_server.url).netloc, faults)
        if path:
            page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


def _watch(page: Page, home: str, faults: list[str]) -> None:
    """Note what no page may do. A refused answer is a page too: its status is no fault."""
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on(
        "console",
        lambda message: (
            faults.append(f"console: {message.text}")
            if message.type == "error" and "the server responded with a status" not in message.text
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            faults.append(f"foreign request: {request.url}")
            if urlsplit(request.url).netloc not in (home, "")
            else None
        ),
    )


@pytest.fixture(scope="session")
def picture() -> Picture:
    """Return a way to keep a picture of a page, as `var/screenshots/NAME.png`, to be looked at."""
    folder = Path(settings.VAR_DIR) / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)

    def picture(page: Page, name: str) -> Path:
        path = folder / f"{name}.png"
        page.wait_for_load_state()
        try:
            page.screenshot(path=path, animations="disabled")
        except Error:
            # Chromium cannot while a page is being replaced, however long it has been there.
            page.wait_for_timeout(500)
            page.screenshot(path=path, animations="disabled")
        return path

    return picture


@pytest.fixture(scope="session")
def assert_accessible() -> Callable[[Page], None]:
    """Return a check that axe finds nothing against WCAG 2.2 AA and best practice on a page."""
    axe = Axe()

    def assert_accessible(page: Page) -> None:
        found = axe.run(page)
        assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"

    return assert_accessible
