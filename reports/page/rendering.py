"""The page as HTML (one file, nothing from the network) and as Markdown, from one content."""
# pyright: reportUnknownMemberType=false

import base64
from pathlib import Path
from typing import Any

import markdown
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.page.content import PageContent

TEMPLATES = Path(__file__).parents[1] / "templates"
TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml"}


def render_html(content: PageContent, figures: Path) -> str:
    """One self-contained HTML file; images of the folder `figures` go in as data URIs."""
    environment = _environment()

    def embed(name: str) -> str:
        return data_uri(figures / name)

    def embed_json(name: str) -> Markup:
        return script_data(figures / name)

    environment.filters |= {"embed": embed, "embed_json": embed_json, "prose": prose}
    environment.filters["as_file"] = text_uri
    return environment.get_template("page.html").render(vars(content))


def render_markdown(content: PageContent) -> str:
    """The same content for the repository, images linked in figures/."""
    return render("report.md", vars(content))


def render(template: str, content: dict[str, Any]) -> str:
    """A page without embedded figures; templates ending in .md get the filter `cell`."""
    environment = _environment()
    environment.filters["cell"] = cell
    return environment.get_template(template).render(content)


def data_uri(path: Path) -> str:
    """A picture file as a data URI: data:<type>;base64,..."""
    content = base64.b64encode(path.read_bytes()).decode()
    return f"data:{TYPES[path.suffix]};base64,{content}"


def text_uri(text: str) -> str:
    """A text as data:text/plain, to be downloaded."""
    return f"data:text/plain;charset=utf-8;base64,{base64.b64encode(text.encode()).decode()}"


def script_data(path: Path) -> Markup:
    """JSON lines as one list, the content of a script element that no text can close."""
    lines = path.read_text(encoding="utf-8").replace("<", "\\u003c").splitlines()
    return Markup(f"[{','.join(lines)}]")


def prose(text: str) -> Markup:
    """Markdown to HTML; HTML in the text is shown, not interpreted."""
    converter = markdown.Markdown(extensions=["tables"])
    converter.preprocessors.deregister("html_block")
    converter.inlinePatterns.deregister("html")
    return Markup(converter.convert(text))


def cell(value: Any) -> Markup:
    """Text for a Markdown table cell: no markup, no new column, no new line."""
    text = " ".join(str(value).split())
    for found, safe in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("|", "\\|"),
        ("`", "'"),
    ):
        text = text.replace(found, safe)
    return Markup(text)


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
