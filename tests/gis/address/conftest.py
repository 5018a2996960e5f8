"""The two small towns of the address tests."""

import pytest

from gis.address import Gazetteer
from tests.gis.address import willow_town as towns


@pytest.fixture(scope="session")
def town() -> Gazetteer:
    return towns.willow_town()


@pytest.fixture(scope="session")
def rue() -> Gazetteer:
    return towns.rue_town()
