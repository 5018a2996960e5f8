"""Colours of the map in its two themes.

The panels take theirs from ``static/css/tokens.css``; a map style cannot read CSS variables, so the map's own are
here, once. Contrast of each against its land is at least 3 : 1 for symbols and 4.5 : 1 for labels.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours of one theme, as ``#RRGGBB``."""

    name: str
    outside: str
    land: str
    bay: str
    lake: str
    water_line: str
    tidal_dot: str
    wood: str
    farmland: str
    built: str
    building: str
    building_edge: str
    roads: tuple[str, str, str]
    road_casing: str
    grid: str
    village: str
    town: str
    text: str
    text_soft: str
    text_faint: str
    water_text: str
    halo: str
    late: str
    warn: str
    fine: str
    edit: str
    neutral: str
    hatch: str
    coverage: tuple[str, ...]
    hotspot: tuple[str, ...]
    hillshade_opacity: float


DARK = Palette(
    name="dark",
    outside="#10161B",
    land="#182026",
    bay="#0B1B28",
    lake="#0E2738",
    water_line="#1B3D52",
    tidal_dot="#21475E",
    wood="#1A2724",
    farmland="#1B2427",
    built="#242F38",
    building="#2E3A44",
    building_edge="#3A4854",
    roads=("#4A5762", "#39444E", "#2C363F"),
    road_casing="#12181D",
    grid="#566676",
    village="#A3B4C2",
    town="#DCE6EE",
    text="#EAF0F4",
    text_soft="#AEBBC6",
    text_faint="#8595A3",
    water_text="#5E8CAA",
    halo="#12181D",
    late="#FF5C50",
    warn="#FFA81F",
    fine="#3FC7A6",
    edit="#FFFFFF",
    neutral="#8595A3",
    hatch="#E0B98A",
    coverage=("#2B4352", "#335468", "#3C667F", "#467A98"),
    hotspot=("#CC5DF233", "#CC5DF25C", "#CC5DF28F", "#CC5DF2B8"),
    hillshade_opacity=0.55,
)

LIGHT = Palette(
    name="light",
    outside="#E9E8E4",
    land="#F5F3EE",
    bay="#C6DCE8",
    lake="#B5D4E4",
    water_line="#9CC3D8",
    tidal_dot="#A4BFCD",
    wood="#E6ECDD",
    farmland="#F1F0E2",
    built="#EBE8E0",
    building="#D9D4C8",
    building_edge="#C6C0B2",
    roads=("#FFFFFF", "#FFFFFF", "#FFFFFF"),
    road_casing="#CFCBC2",
    grid="#8B96A0",
    village="#4C5965",
    town="#1F2A34",
    text="#15202A",
    text_soft="#465460",
    text_faint="#5F6B75",
    water_text="#3A7391",
    halo="#F5F3EE",
    late="#B3121D",
    warn="#A86200",
    fine="#0B6B62",
    edit="#0B5FFF",
    neutral="#66737E",
    hatch="#8A5A1C",
    coverage=("#DCEAF2", "#A9CADB", "#6F9DB8", "#3F6E8C"),
    hotspot=("#EBD3F4", "#D59DEA", "#AE4BD3", "#6D1A91"),
    hillshade_opacity=0.35,
)

PALETTES = {palette.name: palette for palette in (DARK, LIGHT)}
