"""What the OpenAPI document says of a view beyond its address and docstring.

@blueprint.post("/api/v1/users")
@needs("manage_users")
@takes(UsersIn)
def add(): ...
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

View = TypeVar("View", bound=Callable[..., Any])


def takes(model: type[BaseModel]) -> Callable[[View], View]:
    """A decorator: the view reads a JSON body of this model."""

    def mark(view: View) -> View:
        view.body_model = model  # type: ignore[attr-defined]
        return view

    return mark


def takes_file(field: str, model: type[BaseModel] | None = None) -> Callable[[View], View]:
    """A decorator: the view reads a file in this field of a multipart form, and the other fields as this model."""

    def mark(view: View) -> View:
        view.file_field, view.form_model = field, model  # type: ignore[attr-defined]
        return view

    return mark


def asks(*names: str, layer: str | None = None) -> Callable[[View], View]:
    """A decorator: the view reads these query parameters, and the filters of the named layer."""

    def mark(view: View) -> View:
        view.query_names, view.filters_of = names, layer  # type: ignore[attr-defined]
        return view

    return mark
