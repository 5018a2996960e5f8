"""Landmark plus distance and direction: which place an offset or relation belongs to, and what it makes of it."""

from __future__ import annotations

import re
from dataclasses import replace

from gis.address.candidates import BASE_SCORE
from gis.address.metric import moved
from gis.address.placing import Proposal
from gis.address.tokens import Reading, Token

_ANCHORS = ("plate_id", "coordinate", "number", "landmark", "entity", "road", "group", "natural_village", "village")
#: Said of the premises themselves: the place stays what it is.
_ON_THE_SPOT = frozenset({"门口", "门前", "里面", "楼下", "楼上"})
_POINTS = frozenset({"plate", "number_interpolated", "entity", "landmark", "coordinate"})
#: Words that may stand between a place and what is said about it without separating the two.
_FILLER = re.compile(
    r"(?:[的在离距那这个条座从由出发到里上与和靠近处位于口]|[嘛呢啊呀吧哦噢就再要]|一直|直接|然后|大概|大约|开始"
    r"|[出下过进]去|[出下过进]来|[那这][里边]|the|de|du|of|a|la|le|from)*"
)


def anchored(reading: Reading) -> dict[tuple[int, int], list[Token]]:
    """Return for each place token (by its span) the offsets and relations said about it.

    An offset belongs to the place right before it (老街桥南50米), else to the one right after it ("50 m south of …",
    在…对面); words of unknown meaning in between separate them, since then it is said of something nobody knows.
    """
    said: dict[tuple[int, int], list[Token]] = {}
    tokens = reading.tokens
    for position, token in enumerate(tokens):
        if token.kind not in ("offset", "relation"):
            continue
        place = _neighbour(reading, position, -1) or _neighbour(reading, position, 1)
        if place is not None:
            said.setdefault((place.start, place.end), []).append(token)
    return said


def _neighbour(reading: Reading, position: int, step: int) -> Token | None:
    token = reading.tokens[position]
    edge = token.start if step < 0 else token.end
    position += step
    while 0 <= position < len(reading.tokens):
        other = reading.tokens[position]
        gap = reading.folded.text[other.end : edge] if step < 0 else reading.folded.text[edge : other.start]
        if not _FILLER.fullmatch(gap):
            return None
        if other.kind in _ANCHORS:
            return other
        edge = other.start if step < 0 else other.end
        position += step
    return None


def displaced(proposal: Proposal, said: list[Token], words: str) -> Proposal:
    """Return the proposal with the offsets and relations said about its place applied; ``words`` are those of the text.

    A point becomes level ``landmark_offset``, and so does a middle moved by a distance; otherwise a middle (of a road,
    group or village) keeps its level and grows in radius, and so does a point of which only its own premises are said
    (门口, 楼下).
    """
    lon, lat, radius_m, how = proposal.lon, proposal.lat, proposal.radius_m, proposal.how
    for token in said:
        if token.kind == "offset" and token.direction:
            metres = token.distance_m
            if metres is None:
                metres = 50.0 if proposal.level in _POINTS else 0.4 * proposal.radius_m
            lon, lat = moved(lon, lat, token.direction, metres)
        radius_m += token.radius_m
        how = (*how, token.kind)
    if all(token.value in _ON_THE_SPOT for token in said):
        return replace(proposal, radius_m=radius_m, how=how, said=words)
    by_distance = any(token.kind == "offset" and token.distance_m is not None for token in said)
    if proposal.level in _POINTS or by_distance:
        share = BASE_SCORE["landmark_offset"] / BASE_SCORE["landmark"]
        return replace(
            proposal,
            lon=lon,
            lat=lat,
            radius_m=radius_m,
            score=proposal.score * share,
            how=how,
            said=words,
            level="landmark_offset",
        )
    return replace(proposal, lon=lon, lat=lat, radius_m=radius_m, how=how, said=words)
