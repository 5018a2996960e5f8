"""The briefing for the joint meeting: one file with a map, figures and the open cases."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import folium
from folium.plugins import MarkerCluster

from webmap import i18n
from webmap.documents import offline
from webmap.documents.offline import safe

Frame = dict[str, Any]

STYLE = (Path(__file__).parent / "briefing.css").read_text(encoding="utf-8")
LINES = {
    "grid": {"color": "#8B96A0", "weight": 1, "dashArray": "4 3"},
    "zone": {"color": "#8B96A0", "weight": 1, "dashArray": "4 3"},
    "village": {"color": "#4C5965", "weight": 1.6},
    "town": {"color": "#1F2A34", "weight": 2.6},
}
WATER = {"lake": "#B5D4E4", "bay": "#C6DCE8", "river": "#B5D4E4", "tidal_flat": "#DDE4E2"}
SHAPES = {
    "circle": '<circle cx="9" cy="9" r="6.2"/>',
    "diamond": '<path d="M9 1.6 16.4 9 9 16.4 1.6 9Z"/>',
    "square": '<path d="M3 3h12v12H3Z"/>',
    "triangle": '<path d="M9 1.8 16.6 15.4H1.4Z"/>',
}


def render(frame: Frame, language: str = "zh") -> str:
    """Return the document: HTML that opens without a network.

    Parameters
    ----------
    frame : as layers.briefing.frame gives it.
    language : 'zh' or 'en'.

    Raises
    ------
    OutsideReference : it would ask another host for something.
    """
    words = Words(language, frame)
    page = folium.Map(
        location=_center(frame),
        zoom_start=frame["town"]["map"].get("zoom", 12),
        tiles=None,
        height=560,
        prefer_canvas=True,
    )
    page.default_js, page.default_css = list(offline.SCRIPTS), list(offline.STYLES)
    page.options["maxZoom"] = 18
    _draw_base(page, frame, words)
    _draw_villages(page, frame, words)
    _draw_cases(page, frame, words)
    folium.LayerControl(collapsed=False).add_to(page)  # last: it lists what is there
    root: Any = page.get_root()  # a Figure; typed as its base
    root.title = None
    root.header.add_child(folium.Element(f"<title>{safe(words.title)}</title><style>{STYLE}</style>"))
    for part in (_header(frame, words), _figures(frame, words), _tables(frame, words), _footer(frame, words)):
        root.html.add_child(folium.Element(part))
    document = root.render().replace("<html>", f'<html lang="{"zh-CN" if language == "zh" else "en"}">', 1)
    return offline.self_contained(document)


class Words:
    """Strings and times in the language of the document and the zone of the town."""

    def __init__(self, language: str, frame: Frame) -> None:
        self.language = language
        self._zone = ZoneInfo(frame["town"]["timezone"])
        self.title = self("title", town=self.name(frame["town"]))

    def __call__(self, key: str, **values: object) -> str:
        return i18n.text(self.language, f"briefing.{key}", **values)

    def state(self, state: str) -> str:
        return i18n.text(self.language, f"common.state_{state}")

    def name(self, row: dict[str, Any], key: str = "name") -> str:
        english = row.get(f"{key}_en")
        return str(english if self.language == "en" and english else row.get(key) or "")

    def time(self, moment: datetime | None) -> str:
        if moment is None:
            return self("none")
        local = moment.astimezone(self._zone)
        if self.language == "zh":
            return f"{local.month} 月 {local.day} 日 {local:%H:%M}"
        return f"{local:%d %b %H:%M}"


def _center(frame: Frame) -> list[float]:
    lon, lat = frame["town"]["map"].get("center", [0, 0])
    return [lat, lon]


def _draw_base(page: folium.Map, frame: Frame, words: Words) -> None:
    for features, style in (
        (
            frame["water"],
            lambda f: {"stroke": False, "fillColor": WATER.get(f["properties"]["kind"], "#B5D4E4"), "fillOpacity": 1},
        ),
        (frame["roads"], lambda f: {"color": "#CFCBC2", "weight": 2 if f["properties"]["class"] == "secondary" else 3}),
    ):
        if features:
            folium.GeoJson(
                {"type": "FeatureCollection", "features": _bare(features)},
                style_function=style,
                control=False,
                interactive=False,
            ).add_to(page)
    for level in ("grid", "zone", "village", "town"):
        some = [f for f in frame["areas"] if f["properties"]["level"] == level]
        if some:
            folium.GeoJson(
                {"type": "FeatureCollection", "features": _bare(some)},
                style_function=lambda _, line=LINES[level]: {**line, "fill": False},
                name=safe(words(f"layer_{level}")),
                interactive=False,
                control=level in ("grid", "village"),
            ).add_to(page)


def _bare(features: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return features with nothing but what the style needs: names would enter a script unescaped."""
    keep = ("kind", "class", "level")
    return [{**f, "properties": {k: v for k, v in f["properties"].items() if k in keep}} for f in features]


def _draw_villages(page: folium.Map, frame: Frame, words: Words) -> None:
    group = folium.FeatureGroup(name=safe(words("layer_counts"))).add_to(page)
    for village in frame["villages"]:
        label = f'<div class="village-label">{safe(words.name(village))}<br>{safe(words("village_count", n=village["open"]))}</div>'
        folium.Marker(
            [village["lat"], village["lon"]], icon=folium.DivIcon(html=label, icon_size=(120, 36), icon_anchor=(60, 18))
        ).add_to(group)


def _draw_cases(page: folium.Map, frame: Frame, words: Words) -> None:
    for platform in [
        *frame["platforms"],
        {"code": None, "name": words("no_platform"), "symbol": "circle", "colour": "#66737E"},
    ]:
        cases = [c for c in frame["cases"] if c["platform_code"] == platform["code"] and c["lon"] is not None]
        if not cases:
            continue
        group = MarkerCluster(
            name=safe(words("layer_cases", platform=words.name(platform), n=len(cases))),
            options={"maxClusterRadius": 25, "showCoverageOnHover": False, "animate": False},
        )
        group.default_js, group.default_css = list(offline.CLUSTER_SCRIPTS), list(offline.CLUSTER_STYLES)
        group.add_to(page)
        for case in cases:
            ring = ' stroke="#B3121D" stroke-width="2.4"' if case["late"] else ' stroke="#fff" stroke-width="1.5"'
            icon = f'<svg width="18" height="18" fill="{safe(platform["colour"])}"{ring}>{SHAPES[platform["symbol"]]}</svg>'
            folium.Marker(
                [case["lat"], case["lon"]],
                icon=folium.DivIcon(html=icon, icon_size=(18, 18), icon_anchor=(9, 9), class_name="case"),
                popup=folium.Popup(_popup(case, words), max_width=280),
            ).add_to(group)


def _popup(case: dict[str, Any], words: Words) -> str:
    due = words("due", time=words.time(case["due_at"]))
    return (
        f"<b>{safe(case['title'])}</b><br>{safe(case['case_no'])}<br>{safe(words.name(case, 'grid_name'))}"
        f"<br>{safe(words.state(case['state']))} {safe(case['lead_org'])}<br>{safe(due)}"
    )


def _header(frame: Frame, words: Words) -> str:
    town = frame["town"]
    notice = ""
    if town["synthetic"]:
        said = town["notice"].get(words.language) or words("synthetic")
        notice = f'<p class="notice" role="note">{safe(said)}</p>'
    return f"<header><h1>{safe(words.title)}</h1><p>{safe(words('as_of', time=words.time(frame['at'])))}</p>{notice}</header>"


def _figures(frame: Frame, words: Words) -> str:
    summary, period = frame["summary"], frame["period"].values()
    closed, due, in_time = (sum(row[key] for row in period) for key in ("closed", "due", "in_time"))
    share = f"{in_time} / {due} ({in_time / due:.1%})" if due else words("no_data")
    cells = [
        ("late", "late", summary["late"], words("unit_cases")),
        ("", "open", summary["open"], words("unit_cases")),
        ("", "today_reported", summary["today_reported"], words("unit_cases")),
        ("", "today_closed", summary["today_closed"], words("unit_cases")),
        ("", "period_closed", closed, words("unit_cases")),
    ]
    boxes = "".join(
        f'<div><span>{safe(words(key, days=frame["period_days"]))}</span><b class="{style}">{value}</b>{safe(unit)}</div>'
        for style, key, value, unit in cells
    )
    in_time_box = f"<div><span>{safe(words('in_time', days=frame['period_days']))}</span>{safe(share)}</div>"
    return f'<div class="figures">{boxes}{in_time_box}</div>'


def _table(columns: list[tuple[str, bool]], rows: list[list[object]]) -> str:
    def cell(tag: str, value: object, number: bool) -> str:
        return f"<{tag}{' class=n' if number else ''}>{safe(value)}</{tag}>"

    head = "".join(cell("th", title, number) for title, number in columns)
    body = "".join(
        "<tr>" + "".join(cell("td", value, columns[n][1]) for n, value in enumerate(row)) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _tables(frame: Frame, words: Words) -> str:
    return (
        f'<div class="tables">{_by_platform(frame, words)}{_by_village(frame, words)}{_open_cases(frame, words)}</div>'
    )


def _by_platform(frame: Frame, words: Words) -> str:
    open_now = frame["summary"]["platforms"]
    rows = [
        [
            words.name(p),
            open_now.get(p["code"], {}).get("open", 0),
            open_now.get(p["code"], {}).get("late", 0),
            *_in_period(frame, p, words),
        ]
        for p in [*frame["platforms"], *_undecided(frame, words)]
    ]
    days = {"days": frame["period_days"]}
    figures = [words("open"), words("late"), words("reported", **days), words("in_time", **days)]
    head = [(words("platform"), False), *((title, True) for title in figures)]
    return f"<h2>{safe(words('by_platform'))}</h2>{_table(head, rows)}"


def _by_village(frame: Frame, words: Words) -> str:
    rows = [[words.name(v), v["open"], v["late"], v["reported"]] for v in frame["villages"]]
    figures = [words("open"), words("late"), words("reported", days=frame["period_days"])]
    head = [(words("village"), False), *((title, True) for title in figures)]
    return f"<h2>{safe(words('by_village'))}</h2>{_table(head, rows)}"


def _open_cases(frame: Frame, words: Words) -> str:
    heading = f"<h2>{safe(words('open_cases', n=frame['summary']['open']))}</h2>"
    if not frame["cases"]:
        return f"{heading}<p>{safe(words('no_cases'))}</p>"
    rows = [
        [
            c["case_no"],
            c["title"],
            words.name(c, "grid_name"),
            words.state(c["state"]),
            c["lead_org"] or words("none"),
            words.time(c["due_at"]) + (" " + words("late_mark") if c["late"] else ""),
        ]
        for c in frame["cases"]
    ]
    titles = [words(key) for key in ("case_no", "what", "grid", "state_title", "lead_org")]
    head = [*((title, False) for title in titles), (words("due_title"), True)]
    more = frame["summary"]["open"] - len(rows)
    rest = f"<p>{safe(words('more_cases', n=more))}</p>" if more > 0 else ""
    return f"{heading}{_table(head, rows)}{rest}"


def _undecided(frame: Frame, words: Words) -> list[dict[str, Any]]:
    """Return a row for cases of no platform yet, if there are any: the rows add up to the total."""
    some = frame["summary"]["platforms"].get("", {}).get("open", 0) or frame["period"].get("")
    return [{"code": "", "name": words("no_platform")}] if some else []


def _in_period(frame: Frame, platform: dict[str, Any], words: Words) -> list[object]:
    row = frame["period"].get(platform["code"])
    if row is None:
        return [0, words("no_data")]
    share = f"{row['in_time']} / {row['due']}" if row["due"] else words("no_data")
    return [row["reported"], share]


def _footer(frame: Frame, words: Words) -> str:
    return f"<footer>{safe(words('footer', who=frame['exported_by'], time=words.time(frame['at'])))}</footer>"
