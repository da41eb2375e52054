"""A session is named by a browser and a machine that its owner knows."""

import pytest

from app.web.staff.device_words import device_words

CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (CHROME.format("Windows NT 10.0; Win64; x64") + " Safari/537.36", "Chrome en Windows"),
        (CHROME.format("Linux; Android 10; K") + " Mobile Safari/537.36", "Chrome en Android"),
        (CHROME.format("Windows NT 10.0") + " Safari/537.36 Edg/140.0.0.0", "Edge en Windows"),
        (IPHONE, "Safari en iPhone"),
        (FIREFOX, "Firefox en Linux"),
        ("curl/8.9", "Navegador"),
        ("", "Navegador"),
    ],
)
def test_browser_and_machine(agent: str, said: str) -> None:
    assert device_words(agent) == said
