"""Our own script, style and markup as they travel: without comments, indentation and long names.

The sources stay readable; nobody's minifier is needed. Only what our own files contain is
understood: no template literals, no getters, a `;` or a line end after each statement.
"""

import re
from collections.abc import Iterator
from itertools import count

_LINE = "\n"
_INSIDE = 2  # parentheses and braces around the statements of the script
_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
    | (?P<text>'(?:\\.|[^'\\\n])*' | "(?:\\.|[^"\\\n])*")
    | (?P<word>[A-Za-z_$][\w$]*)
    | (?P<number>\d[\w.]*)
    | (?P<mark>=>|[=!<>]=|&&|\|\||\+\+|--|[-+*/]=|.)""",
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_PATTERN = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[\n])+/[a-z]*")
_BEFORE_PATTERN = frozenset("(,=:[!&|?{};") | {"&&", "||", "=>", "return"}
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_SMALL = "etaoinsrlcdupmhgfbvyxwzkjq"
_GLOBAL = _SMALL.upper() + "_$"
# Elements around which a space says nothing.
_BLOCKS = re.compile(
    " ?(</?(?:html|head|meta|link|title|body|header|main|svg|script|template|form|fieldset|legend|"
    r"label|div|p|h[12]|select|option)\b[^>]*>) ?"
)
_OPENS, _CLOSES = frozenset("([{"), frozenset(")]}")


def tight_script(source: str) -> str:
    """A script that does the same, shorter: names it declares become one or two letters.

    The script is one function called at once; each statement in it is a scope of its own.

    Raises:
        ValueError: a name is declared both for the whole script and inside one statement.
    """
    tokens = [token for token in _tokens(source) if token]
    statements = _statements(tokens)
    shared = {name for part in statements for name in _declared(part, outer=True)}
    renamed = _short(_ordered(tokens, shared), _GLOBAL)
    written = ""
    for part in statements:
        inner = set(_declared(part, outer=False))
        if inner & shared:
            raise ValueError(f"declared twice: {sorted(inner & shared)}")
        # One letter is short already, and the same letter for the same thing packs better.
        kept = {name for name in inner if len(name) == 1}
        free = "".join(letter for letter in _SMALL if letter not in kept)
        names = renamed | _short(_ordered(part, inner - kept), free)
        for place, token in enumerate(part):
            written = _join(written, names.get(token, token) if _free(part, place) else token)
    return written


def tight_style(source: str) -> str:
    """A style sheet without comments and idle spaces, its custom properties in a letter or two."""
    bare = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL))
    packed = re.sub(r";?\s*([{}])\s*", r"\1", re.sub(r"([:;,]) ", r"\1", bare)).strip()
    own = re.findall(r"--([\w-]+)", packed)
    letters = _short(_ordered(own, set(own)), _SMALL)
    return re.sub(r"--([\w-]+)", lambda found: f"--{letters[found[1]]}", packed)


def tight_markup(source: str) -> str:
    """HTML without idle spaces, quotes and empty values; names of options said once a list."""
    packed = _BLOCKS.sub(r"\1", re.sub(r"\s+", " ", source)).replace("</option>", "")
    grouped = re.sub(r'<div class="(options|scale)">(.*?)</div>', _grouped, packed)
    return re.sub(r"<[a-z][^<>]*>", _unquoted, grouped)


def _tokens(source: str) -> Iterator[str]:
    place, last = 0, ";"
    while place < len(source):
        pattern = _PATTERN.match(source, place) if last in _BEFORE_PATTERN else None
        found = pattern or _TOKEN.match(source, place)
        assert found is not None
        place = found.end()
        token = found.group()
        space = pattern is None and found.lastgroup == "space"
        if space and "\n" in token and last != _LINE:
            token, space = _LINE, False
        elif space and token.startswith("/"):
            continue
        if not space:
            yield token
            last = token if token != _LINE else last


def _statements(tokens: list[str]) -> list[list[str]]:
    """The statements inside the function that the script is, and what stands around them."""
    parts: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token in _OPENS) - (token in _CLOSES)
        parts[-1].append(token)
        if depth == _INSIDE and token == _LINE:
            parts.append([])
    return parts


def _declared(part: list[str], *, outer: bool) -> Iterator[str]:
    """Names a statement declares: for the whole script (outer), or for itself."""
    depth = 0
    for place, piece in enumerate(part):
        depth += (piece in _OPENS) - (piece in _CLOSES)
        top = depth == 0
        if piece == "var" and top == outer:
            yield from _listed(part, place + 1)
        elif piece == "function":
            if top == outer and _WORD.fullmatch(part[place + 1]):
                yield part[place + 1]
            if not outer:
                yield from _parameters(part, part.index(")", place))
        elif piece == "catch" and not outer and _free(part, place):
            yield part[place + 2]
        elif piece == "=>" and not outer:
            yield from _parameters(part, place - 1)


def _listed(part: list[str], place: int) -> Iterator[str]:
    """The names of `var a = 1, b, c = f(d)`, up to the end of the statement."""
    depth, expected = 0, True
    for piece in part[place:]:
        if depth == 0 and (piece in {_LINE, ";"} or piece in _CLOSES):
            return
        depth += (piece in _OPENS) - (piece in _CLOSES)
        if expected:
            yield piece
        expected = depth == 0 and piece == ","


def _parameters(part: list[str], last: int) -> Iterator[str]:
    """`x` of `x =>`, or the names between the parentheses that end at `last`."""
    if part[last] != ")":
        yield part[last]
        return
    first = max(place for place in range(last) if part[place] == "(")
    yield from (token for token in part[first + 1 : last] if _WORD.fullmatch(token))


def _free(part: list[str], place: int) -> bool:
    """Whether a word stands for itself: no property, no key of an object."""
    before = next((token for token in reversed(part[:place]) if token != _LINE), "")
    key = place + 1 < len(part) and part[place + 1] == ":" and before in {"{", ","}
    return before != "." and not key


def _ordered(tokens: list[str], names: set[str]) -> list[str]:
    """Names by how often they are used, most first."""
    return sorted(sorted(names), key=lambda name: -tokens.count(name))


def _short(names: list[str], letters: str) -> dict[str, str]:
    return dict(zip(names, _words(letters), strict=False))


def _words(letters: str) -> Iterator[str]:
    yield from letters
    for number in count():
        yield from (f"{letter}{number}" for letter in letters)


def _join(written: str, token: str) -> str:
    if token == _LINE:
        return (
            written
            if written.endswith((";", "{", ",", "(", "[", "\n", "&", "|", "?", ":", "=", ">"))
            else written + "\n"
        )
    if written.endswith("\n") and token[0] in ")]}.,:?&|":
        return written[:-1] + token
    both = re.match(r"[\w$]", token) and re.search(r"[\w$]\Z", written)
    doubled = token[0] in "+-" and written.endswith(token[0])
    return f"{written} {token}" if both or doubled else written + token


def _grouped(found: re.Match[str]) -> str:
    kind, options = found.groups()
    name = re.search(r' name="([^"]+)"', options)
    if name is None:
        return found.group()
    bare = re.sub(r' (?:name|id)="[^"]+"', "", options)
    return f'<div class="{kind}" data-n="{name[1]}">{bare}</div>'


def _unquoted(found: re.Match[str]) -> str:
    tag = re.sub(r'="([\w./-]+)"(?!/)', r"=\1", found.group())
    if tag.startswith("<input"):  # the form says `autocomplete` for all of them
        return tag.replace(' value=""', "").replace(" autocomplete=off", "")
    return tag
