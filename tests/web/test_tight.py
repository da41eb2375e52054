"""What travels is shorter and does the same."""

import re

import pytest

from app.web.assets import FOLDER
from app.web.tight import tight_markup, tight_script, tight_style


def script(body: str) -> str:
    return tight_script(f"(function () {{\n{body}\n}}())\n")


def test_comments_spaces_and_long_names_go() -> None:
    tight = script(
        "// why\nvar total = 0 /* so */\nfunction add(first, second) { return first + second }"
    )

    assert tight == "(function(){var T=0\nfunction E(e,t){return e+t}}())\n"


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("var text = 'a  // b'", "'a  // b'"),
        ("var found = /[/ ]+'/.test(x)", "/[/ ]+'/.test(x)"),
        ("var half = a / b / c", "a/b/c"),
        ("var made = { total: 1 }.total", "{total:1}.total"),
        ("var list = [a - -b, typeof c]", "[a- -b,typeof c]"),
    ],
)
def test_what_must_stay_stays(source: str, kept: str) -> None:
    assert kept in script(source)


def test_a_name_of_the_script_and_of_a_function_is_refused() -> None:
    with pytest.raises(ValueError, match="total"):
        script("var total = 0\nfunction add(total) { return total }")


def test_our_script_keeps_the_floor_of_chrome_79() -> None:
    source = (FOLDER / "answer.js").read_text("utf-8")
    code = re.sub(r"//.*", "", source)

    for late in ("?.", "??", "replaceAll", ".at(", "randomUUID", "structuredClone", "flatMap"):
        assert late not in code, late


def test_a_style_keeps_its_rules() -> None:
    style = tight_style(
        "/* why */ :root { --ink: #16212B; }\na b > c { color: var(--ink); margin: 0 -4px }"
    )

    assert style == ":root{--e:#16212B}a b > c{color:var(--e);margin:0 -4px}"


def test_options_say_their_name_once_and_a_closing_slash_keeps_its_quotes() -> None:
    page = tight_markup(
        '<div class="options"> <label class="option"><input type="radio" name="x" value="1" '
        'id="x"><span>Sí, claro</span></label></div> <circle r="5"/> <input value="">'
    )

    assert page == (
        "<div class=options data-n=x><label class=option><input type=radio value=1><span>Sí, claro"
        '</span></label></div><circle r="5"/> <input>'
    )
