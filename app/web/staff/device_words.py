"""A browser as people name it: what it says of itself is unreadable."""

_BROWSERS = (  # the first that is named: Edge and Opera also call themselves Chrome, Chrome Safari
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (  # Android also calls itself Linux, an iPhone Mac OS
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "Chromebook"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def device_words(agent: str) -> str:
    """The words of a User-Agent header: "Chrome en Windows"; "Navegador" of one unknown."""
    browser = next((word for sign, word in _BROWSERS if sign in agent), "Navegador")
    system = next((word for sign, word in _SYSTEMS if sign in agent), "")
    return f"{browser} en {system}" if system else browser
