"""Makes what folium renders self-contained, and text safe inside it.

folium links ten files on outside hosts and escapes nothing: popups, tooltips, layer names and icons run HTML, and a
template literal runs ``${…}`` even where HTML is escaped.
"""

from __future__ import annotations

import base64
import html
import mimetypes
import re
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[1] / "static" / "vendor"
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

# What the documents use, in place of folium's own list.
SCRIPTS = [
    ("leaflet", "vendor:leaflet-1.9.4/leaflet.js"),
    ("jquery", "vendor:jquery-3.7.1/jquery.min.js"),
]
STYLES = [("leaflet_css", "vendor:leaflet-1.9.4/leaflet.css")]
CLUSTER_SCRIPTS = [("markerclusterjs", "vendor:leaflet.markercluster-1.5.3/leaflet.markercluster.js")]
CLUSTER_STYLES = [
    ("markerclustercss", "vendor:leaflet.markercluster-1.5.3/MarkerCluster.css"),
    ("markerclusterdefaultcss", "vendor:leaflet.markercluster-1.5.3/MarkerCluster.Default.css"),
]

_SCRIPT = re.compile(r'<script src="([^"]*)"></script>')
_STYLE = re.compile(r'<link rel="stylesheet" href="([^"]*)"\s*/?>')
_URL = re.compile(r"url\(\s*['\"]?([^'\")]+)['\"]?\s*\)")
_OUTSIDE = re.compile(
    r"""(?:src|href)\s*=\s*["']?\s*(?:https?:)?//|@import|url\(\s*['"]?(?:https?:)?//""", re.IGNORECASE
)


class OutsideReference(ValueError):
    """The document would ask another host for something; it is not written."""


def safe(text: object) -> str:
    """Return text that is text everywhere in a folium document: in HTML, in an attribute, in a template literal.

    Examples
    --------
    >>> safe("<b>${x}</b>")
    '&lt;b&gt;&#36;&#123;x&#125;&lt;/b&gt;'
    """
    escaped = html.escape("" if text is None else str(text), quote=True)
    return re.sub(r"[\\`${}]", lambda match: f"&#{ord(match.group())};", escaped)


def _vendored(url: str) -> Path:
    path = (VENDOR / url.removeprefix("vendor:")).resolve()
    if not url.startswith("vendor:") or VENDOR not in path.parents or not path.is_file():
        raise OutsideReference(f"not a vendored file: {url}")
    return path


def _data_uri(path: Path) -> str:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _style(match: re.Match[str]) -> str:
    path = _vendored(match.group(1))

    def inline(url: re.Match[str]) -> str:
        target = url.group(1)
        if target.startswith(("data:", "#")):
            return url.group(0)
        return f"url({_data_uri((path.parent / target).resolve())})"

    return f"<style>{_URL.sub(inline, path.read_text(encoding='utf-8'))}</style>"


def _script(match: re.Match[str]) -> str:
    source = _vendored(match.group(1)).read_text(encoding="utf-8")
    return "<script>" + re.sub(r"</(script)", r"<\\/\1", source, flags=re.IGNORECASE) + "</script>"


def self_contained(document: str) -> str:
    """Return the document with every script, style and image inside it and a policy that lets it load nothing.

    Raises
    ------
    OutsideReference : something would still be asked of another host.
    """
    # judged before anything is inlined: minified libraries hold all kinds of text
    own = re.sub(r"<script>.*?</script>", "", document, flags=re.DOTALL | re.IGNORECASE)
    for text in re.findall(r"<style>.*?</style>|<[a-z][^>]*>", own, flags=re.DOTALL | re.IGNORECASE):
        if _OUTSIDE.search(text):
            raise OutsideReference(f"the document refers to another host: {text[:200]}")
    document = _STYLE.sub(_style, _SCRIPT.sub(_script, document))
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    return document.replace("<head>", f"<head>\n    {policy}", 1)
