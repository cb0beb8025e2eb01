"""The HTTP server that the API runs under."""

import uvicorn
from fastapi import FastAPI

SHUTDOWN_S = 5  # how long requests in flight may take after a signal
KEEP_ALIVE_S = 75  # longer than the edge's own, so that the edge closes first


def serve(app: FastAPI, host: str, port: int) -> int:
    """Serve until SIGTERM or SIGINT; blocks.

    Returns:
        The exit status: 0 after a signal, 1 if the server could not start.
    """
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="uvloop",
            http="httptools",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SHUTDOWN_S,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
    )
    server.run()
    return 0 if server.started else 1
