"""Addresses of one town: read a text, find the place. Pure; no database, no network.

>>> town = Gazetteer.build(plates=[("A1", "", "", "", "Rue Grimaldi", "12", 7.42, 43.73)])
>>> find("12 rue Grimaldi", town).level
'plate'
"""

from gis.address.candidates import BASE_SCORE, Candidate, Candidates, Level
from gis.address.finding import DEFAULT_LIMIT, Found, find, find_many
from gis.address.gazetteer import Gazetteer
from gis.address.parsing import parse
from gis.address.rows import Entity, Place, Plate, Village
from gis.address.tokens import Component

__all__ = [
    "BASE_SCORE",
    "DEFAULT_LIMIT",
    "Candidate",
    "Candidates",
    "Component",
    "Entity",
    "Found",
    "Gazetteer",
    "Level",
    "Place",
    "Plate",
    "Village",
    "find",
    "find_many",
    "parse",
]
