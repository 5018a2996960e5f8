"""One web process: serves ``api.asgi`` on the socket that the supervisor bound.

    python -m api.runtime.web FD

All web processes accept from the same socket, so that one that crashes takes no waiting connection with it.
"""

from __future__ import annotations

import socket
import sys

import uvicorn

from api.runtime.settings import Settings


def serve(descriptor: int, settings: Settings) -> None:
    """Serve until told to stop; open event streams are cut after three seconds."""
    config = uvicorn.Config(
        "api.asgi:create_app",
        factory=True,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="auto",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=str(settings.tls_key) if settings.tls_key else None,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


def listen(bind: str, port: int) -> socket.socket:
    """Return a socket that listens on the address.

    Raises
    ------
    OSError
        The address is taken or not one of this machine.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        bind, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    # with the protocol spelt out, asyncio sets TCP_NODELAY on what it accepts; without it, small answers wait 40 ms
    listener = socket.socket(family, kind, protocol or socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


if __name__ == "__main__":
    serve(int(sys.argv[1]), Settings.from_environment())
