"""A browser without script, by hand: reads the form of a step and answers it."""

from collections.abc import Mapping
from html.parser import HTMLParser

import httpx2


class StepForm(HTMLParser):
    """The fields of the form of a step, as a browser would send them untouched."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.options: dict[str, list[str]] = {}
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = "novalidate" in found
        if not self.inside or tag != "input":
            return
        if found.get("type") == "hidden":
            self.hidden[found["name"]] = found.get("value", "")
        elif found.get("type") in {"radio", "checkbox"} and not found["name"].endswith(".exit"):
            self.options.setdefault(found["name"], []).append(found["value"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False


def answer_everything(
    client: httpx2.Client, token: str, wanted: Mapping[str, str], *, at_most: int = 90
) -> int:
    """Open the link, press Comenzar, answer every step; the number of steps seen.

    `wanted`: option by variable; anything else gets its first option, open fields stay blank.
    """
    client.get(f"/e/{token}")
    page = _follow(client, client.post(f"/e/{token}", data={"t": token}))
    for step in range(at_most):
        form = StepForm(page)
        if not form.hidden:
            return step
        chosen = {
            name: wanted.get(name, values[0]) for name, values in form.options.items() if values
        }
        page = _follow(client, client.post("/responder", data={**form.hidden, **chosen}))
    raise AssertionError(f"no end after {at_most} steps: {page[:2000]}")


def _follow(client: httpx2.Client, answer: httpx2.Response) -> str:
    for _ in range(4):
        if answer.status_code not in {302, 303}:
            break
        answer = client.get(answer.headers["location"])
    assert answer.status_code in {200, 422}, (answer.status_code, answer.text[:500])
    return answer.text
