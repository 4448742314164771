"""Looks at the built site: every link inside it leads somewhere, and nothing comes from outside.

``make docs`` runs it: ``python tools/check_site.py build/docs/html``.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "source": "src", "iframe": "src"}
STYLE_LINKS = {"stylesheet", "preload", "icon", "modulepreload"}


class Page(HTMLParser):
    """The anchors of a page, what it links to, and what a browser loads with it."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links, self.loads = {"", "top"}, [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        """Keep what concerns links."""
        attributes = dict(attributes)
        self.anchors |= {attributes[name] for name in ("id", "name") if attributes.get(name)}
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if attributes.get(LOADED.get(tag)):
            self.loads.append(attributes[LOADED[tag]])
        if tag == "link" and STYLE_LINKS & set((attributes.get("rel") or "").split()):
            self.loads.append(attributes["href"])


def is_outside(url):
    """Whether a browser would leave the site for it."""
    parts = urlsplit(url)
    return bool(parts.scheme and parts.scheme != "data") or bool(parts.netloc)


def broken(pages, path, url):
    """What is wrong with a link or a file that a page loads; None is nothing."""
    parts = urlsplit(url)
    if parts.scheme == "data":
        return None
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return "leads to no file"
    if target in pages and unquote(parts.fragment) not in pages[target].anchors:
        return "leads to no place on that page"
    return None


def main(folder):
    """Print what is wrong, then how much was looked at; return whether anything is wrong."""
    root = Path(folder).resolve()
    found = [path for path in sorted(root.rglob("*.html")) if "_static" not in path.parts]
    pages = {path: Page(path) for path in found}  # in _static are templates of the theme
    problems, n_links = set(), 0
    for path, page in pages.items():
        problems |= {(path, url, "is loaded from outside") for url in page.loads if is_outside(url)}
        inside = [url for url in page.links + page.loads if not is_outside(url)]
        n_links += len(inside)
        problems |= {(path, url, what) for url in inside if (what := broken(pages, path, url))}
    for path, url, what in sorted(problems):
        print(f"{path.relative_to(root)}: {url} {what}")
    print(f"{len(pages)} pages, {n_links} links inside the site, {len(problems)} of them wrong.")
    return bool(problems) or not pages


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
