"""The MapLibre style of the live map: base map, registry layers, two themes."""

from webmap.style.build import build_style

__all__ = ["build_style"]
