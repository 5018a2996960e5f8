"""Security headers of every answer, and the policy of pages."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Request, Response

from data import clock

# Answers that are no pages run and load nothing at all.
API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

BASIC = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()",
}


def page_policy(script_hashes: Iterable[str] = (), images: Iterable[str] = ()) -> str:
    """The content security policy of a page: own scripts, styles, fonts and images only, no inline script.

    Parameters
    ----------
    script_hashes
        ``sha256-…`` of inline import maps; nothing else inline runs.
    images
        Other origins a configured base map is drawn from; none by default.
    """
    scripts = " ".join(["'self'", *(f"'{name}'" for name in script_hashes)])
    pictures = " ".join(["'self'", "data:", "blob:", *images])
    connect = " ".join(["'self'", *images])
    return (
        f"default-src 'none'; script-src {scripts}; worker-src 'self'; connect-src {connect}; style-src 'self'; "
        f"img-src {pictures}; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; object-src 'none'"
    )


def add(response: Response, request: Request, tls: bool) -> None:
    """Puts on what the view has not set itself. Answers of the API are kept by nobody unless they say otherwise."""
    for name, value in BASIC.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", API_POLICY)
    if tls:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.path.startswith("/api/") or response.status_code >= 400:
        response.headers.setdefault("Cache-Control", "no-store")


def add_time(response: Response) -> None:
    """Tells the time and how fast it runs on every answer that no cache keeps: in a demo both may change at any moment."""
    if response.headers.get("Cache-Control") == "no-store":
        response.headers["OneGrid-Time"] = f"{clock.now().isoformat()} {clock.rate():g}"
