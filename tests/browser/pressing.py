"""To press what leads to another page, and to read only that one."""

from playwright.sync_api import Locator


def press(button: Locator) -> None:
    """Click, and wait until the next page has been read.

    A click by itself waits for the next page's first byte at most: on a busy machine its title
    is still empty then, and what was there before may still be shown.
    """
    with button.page.expect_navigation(wait_until="domcontentloaded"):
        button.click()
