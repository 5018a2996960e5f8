"""What a view asks of its caller. Every view says so; one that does not is refused at start.

    @blueprint.get("/api/v1/incidents")
    @needs("view")
    def incidents(): ...

``public`` lets everybody in, ``signed_in`` every user, ``needs("a", "b")`` users with one of these permissions.
Outermost decorators first: the access mark goes directly above the function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """What one view asks: somebody signed in or not, and any one of ``permissions`` if there are some.

    Attributes
    ----------
    csrf
        Off for signing in only: there is no session yet whose token could be sent.
    identify
        Off for what must answer without the database: the caller then stays unknown.
    before_new_password
        Open to accounts that must set a new password before anything else.
    """

    signed_in: bool
    permissions: tuple[str, ...] = ()
    csrf: bool = True
    identify: bool = True
    before_new_password: bool = False


PUBLIC = Access(signed_in=False)
SIGNED_IN = Access(signed_in=True)


def _mark(view: View, access: Access) -> View:
    view.access = access  # type: ignore[attr-defined]
    return view


def public(view: View) -> View:
    """The view, open to everybody. What a caller sees still follows from the scope."""
    return _mark(view, PUBLIC)


def signed_in(view: View) -> View:
    """The view, open to every user of the town."""
    return _mark(view, SIGNED_IN)


def anonymous(view: View) -> View:
    """The view, open to everybody and without a look at the database for who it is."""
    return _mark(view, Access(signed_in=False, csrf=False, identify=False))


def own_account(view: View) -> View:
    """The view, open to every user, to those too who must set a new password first."""
    return _mark(view, Access(signed_in=True, before_new_password=True))


def needs(*permissions: str) -> Callable[[View], View]:
    """A decorator: the view is open to users with at least one of ``permissions``.

    Raises
    ------
    ValueError
        No permission named: that would silently be ``signed_in``.
    """
    if not permissions:
        raise ValueError("name at least one permission, or use signed_in")
    return lambda view: _mark(view, Access(signed_in=True, permissions=permissions))


def signing_in(view: View) -> View:
    """The view, open to everybody and without CSRF token: only for starting a session."""
    return _mark(view, Access(signed_in=False, csrf=False))


def access_of(view: Callable[..., Any]) -> Access | None:
    """What ``view`` asks, or None when it never said."""
    return getattr(view, "access", None)
