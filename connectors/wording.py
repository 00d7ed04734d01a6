"""What an app's error answer says, in a line for people, whatever the answer's shape."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from automations.values import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Hide = Callable[[str], str]

SENTENCES = (
    "message",
    "errormessage",
    "errordescription",
    "errorsummary",
    "detail",
    "description",
    "msg",
    "reason",
    "title",
    "error",
    "fault",
    "faultstring",
    "errortext",
    "usermessage",
    "text",
)
"""Members in which apps say what is wrong, the best first; compared without case, `_` and `-`.

RFC 6749 (5.2), RFC 9457 (3.1), and what apps use beside them.
"""
CAUSES = (
    "errors",
    "error",
    "details",
    "detail",
    "errormessages",
    "messages",
    "message",
    "fielderrors",
    "fieldviolations",
    "validationerrors",
    "violations",
    "invalidparams",
    "fault",
)
"""Members that say more, in lists or maps."""
PLACES = ("field", "param", "parameter", "attribute", "property", "path", "loc", "pointer", "name")
"""Members that say which input a fault is about."""
MAX_NODES = 500
"""Values that are looked at for words."""
NAMED_DEPTH = 6
"""Of what lies deeper, the words are told without the names around them."""
MAX_NAME = 60
MAX_PARTS = 10
"""Of a list or a map; an answer that says more says it in vain."""
MAX_READ = 20_000
"""Characters of a text that are looked at."""
TELLING = {"title", "faultstring", "text"}
"""Elements of pages and of faults (SOAP 1.1, 4.4; 1.2, 5.4.2) that say it in short."""
HIDDEN = {"script", "style"}
BYTES = {"contentType", "base64"}
"""How an answer is given that is no text."""


def words_of(body: Any, hide: Hide = str) -> str:
    """One line, empty where the answer says nothing; its length is the caller's to bound.

    `hide` takes secrets out of each text before it is cut, so that none is cut in two and shown.
    """
    return _Reader(hide).words(body, 0)


class _Reader:
    def __init__(self, hide: Hide) -> None:
        self._hide = hide
        self._left = MAX_NODES

    def words(self, value: Any, depth: int) -> str:
        self._left -= 1
        if value is None or isinstance(value, bool) or self._left < 0:
            return ""
        if isinstance(value, str):
            return self._line(value)
        if isinstance(value, list):
            found = (self.words(item, depth + 1) for item in value[:MAX_PARTS])
            return "; ".join(dict.fromkeys(filter(None, found)))
        if isinstance(value, dict):
            return "" if set(value) == BYTES else self._of_map(value, depth)
        return text_of(value)

    def _of_map(self, body: Mapping[str, Any], depth: int) -> str:
        named = {_plain(name): value for name, value in body.items()}
        sentence = next(self._texts(named, SENTENCES), "")
        causes = (named.get(name) for name in CAUSES)
        held = (self.words(one, depth + 1) for one in causes if isinstance(one, list | dict))
        cause = next(filter(None, held), "")
        if sentence:
            place = self._place(named)
            told = f"{place}: {sentence}" if place else sentence
            return told if not cause or cause in told else f"{told.rstrip('.: ')}: {cause}"
        if cause:
            return cause
        found = [
            (self._line(str(name))[:MAX_NAME], self.words(value, depth + 1))
            for name, value in list(body.items())[:MAX_PARTS]
        ]
        return "; ".join(
            f"{name}: {text}" if depth < NAMED_DEPTH else text for name, text in found if text
        )

    def _texts(self, named: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
        for name in names:
            value = named.get(name)
            if isinstance(value, str) and (text := self._line(value)):
                yield text

    def _place(self, named: Mapping[str, Any]) -> str:
        source = named.get("source")
        if isinstance(source, dict):  # JSON:API
            named = {**named, **{_plain(name): value for name, value in source.items()}}
        for name in PLACES:
            value = named.get(name)
            if isinstance(value, list) and value:
                return self._line(".".join(text_of(part) for part in value[:MAX_PARTS]))
            if isinstance(value, str) and value:
                return self._line(value)
        return ""

    def _line(self, text: str) -> str:
        text = self._hide(text)[:MAX_READ]
        return " ".join((_shown(text) if text.lstrip()[:1] == "<" else text).split())


def _plain(name: Any) -> str:
    return str(name).lower().replace("_", "").replace("-", "")


def _shown(markup: str) -> str:
    page = _Page()
    try:
        page.feed(markup)
        page.close()
    except AssertionError:  # how the parser says that a declaration is malformed
        return markup
    return " ".join(dict.fromkeys(page.told or page.texts)) or markup


class _Page(HTMLParser):
    """Collects what a page or an XML answer shows."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.told: list[str] = []
        """What is in an element that says in short what is wrong."""
        self._tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes what comes now."""
        self._tag = tag.rpartition(":")[2]

    def handle_endtag(self, tag: str) -> None:
        """Ends it."""
        self._tag = ""

    def handle_data(self, data: str) -> None:
        """Takes what is shown."""
        if self._tag in HIDDEN or not data.strip():
            return
        self.texts.append(data.strip())
        if self._tag in TELLING:
            self.told.append(data.strip())

    def unknown_decl(self, data: str) -> None:
        """Takes the text of a CDATA section."""
        if data.startswith("CDATA["):
            self.handle_data(data.removeprefix("CDATA["))
