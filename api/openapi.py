"""The OpenAPI document, built from the routes, their docstrings, their access marks and the pydantic models."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from api.auth.access import PUBLIC, Access, access_of
from layers import registry

PARAMETER = re.compile(r"<(?:(?P<kind>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
KINDS = {"int": {"type": "integer"}, "float": {"type": "number"}}
TYPES = {
    "number": {"type": "number"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "date-time"},
    "list": {"type": "string", "description": "values separated by commas"},
}
ERRORS = {"400": "Bad request", "404": "Not found", "422": "Faults, listed by field", "429": "Too many requests"}
SIGNED_IN_ERRORS = {"401": "Nobody is signed in", "403": "Not permitted"}
ERROR_SCHEMA = {
    "type": "object",
    "required": ["code", "message", "detail", "request_id"],
    "properties": {
        "code": {"type": "string", "description": "permanent code, subject.what"},
        "message": {"type": "string"},
        "detail": {"type": "object"},
        "request_id": {"type": "string"},
    },
}


def document(app: Flask) -> dict[str, Any]:
    """The document over every route of ``app`` and the event stream."""
    schemas: dict[str, Any] = {"Error": ERROR_SCHEMA}
    paths: dict[str, Any] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        for method in methods_of(rule):
            operation = _operation(rule, method, view, schemas)
            paths.setdefault(address(rule), {})[method.lower()] = operation
    paths["/api/v1/events"] = {"get": EVENTS}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "OneGrid",
            "version": "1",
            "description": "Times RFC 3339; coordinates lon, lat; errors in one shape.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "onegrid_session"},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
            },
        },
    }


def address(rule: Rule) -> str:
    """The path of a rule as OpenAPI writes it.

    Examples
    --------
    >>> address(Rule("/tiles/<layer>/<int:z>.mvt"))
    '/tiles/{layer}/{z}.mvt'
    """
    return PARAMETER.sub(lambda found: "{" + found["name"] + "}", rule.rule)


def methods_of(rule: Rule) -> list[str]:
    """The methods a rule names, without those that every rule answers."""
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def _operation(rule: Rule, method: str, view: Callable[..., Any], schemas: dict[str, Any]) -> dict[str, Any]:
    summary, _, more = (view.__doc__ or rule.endpoint).strip().partition("\n")
    access = access_of(view) or PUBLIC
    operation: dict[str, Any] = {
        "operationId": f"{rule.endpoint}.{method.lower()}".replace(".", "_"),
        "summary": summary.rstrip(". "),
        "description": _described(more, access),
        "tags": [rule.endpoint.split(".")[0]],
        "parameters": [*_path_parameters(rule), *_query_parameters(view)],
        "responses": _responses(access),
    }
    request_body = _request_body(view, schemas)
    if request_body:
        operation["requestBody"] = request_body
    if access.signed_in:
        operation["security"] = [{"token": []}, {"session": [], "csrf": []} if method != "GET" else {"session": []}]
    return operation


def _described(more: str, access: Access) -> str:
    words = " ".join(more.split())
    if access.permissions:
        words += f" Permission: {' or '.join(access.permissions)}."
    return words.strip()


def _path_parameters(rule: Rule) -> Iterator[dict[str, Any]]:
    for found in PARAMETER.finditer(rule.rule):
        schema = KINDS.get(found["kind"] or "", {"type": "string"})
        yield {"name": found["name"], "in": "path", "required": True, "schema": schema}


def _query_parameters(view: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    for name in getattr(view, "query_names", ()):
        yield {"name": name, "in": "query", "schema": {"type": "string"}}
    layer_id = getattr(view, "filters_of", None)
    if layer_id:
        for known in registry.get(layer_id).filters:
            schema = {
                **TYPES.get(known.type, {"type": "string"}),
                **({"enum": [*known.values]} if known.values else {}),
            }
            yield {"name": known.name, "in": "query", "schema": schema}


def _responses(access: Access) -> dict[str, Any]:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    known = {**ERRORS, **(SIGNED_IN_ERRORS if access.signed_in else {})}
    return {
        "2XX": {"description": "Done"},
        **{status: {"description": words, "content": error} for status, words in sorted(known.items())},
    }


def _request_body(view: Callable[..., Any], schemas: dict[str, Any]) -> dict[str, Any] | None:
    field = getattr(view, "file_field", None)
    if field:
        form = getattr(view, "form_model", None)
        others = form.model_json_schema()["properties"] if form else {}
        properties = {field: {"type": "string", "format": "binary"}, **others}
        schema = {"type": "object", "required": [field], "properties": properties}
        return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    model = getattr(view, "body_model", None)
    if model is None:
        return None
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas[model.__name__] = schema
    reference = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"required": True, "content": {"application/json": {"schema": reference}}}


# Served outside Flask, so described here.
EVENTS: dict[str, Any] = {
    "operationId": "events",
    "summary": "Changes as they happen, as server-sent events",
    "description": "Resumes after Last-Event-ID; only what lies in the caller's scope.",
    "tags": ["events"],
    "parameters": [
        {"name": "topics", "in": "query", "schema": {"type": "string"}},
        {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}},
    ],
    "security": [{"token": []}, {"session": []}],
    "responses": {
        "200": {"description": "The stream", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
        "401": {"description": SIGNED_IN_ERRORS["401"]},
    },
}
