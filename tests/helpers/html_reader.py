"""A page as tests read it."""

from html.parser import HTMLParser


class Reader(HTMLParser):
    """Collects links, images and text, and checks that tags close."""

    VOID = ("meta", "link", "img", "br", "source", "line", "circle", "path")

    def __init__(self, page):
        super().__init__()
        self.open, self.links, self.alts, self.text = [], [], [], ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.links += [found[name] for name in ("src", "href", "srcset") if name in found]
        if tag == "img":
            self.alts.append(found.get("alt"))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag
        self.text += " " if tag in ("td", "th") else ""

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data
