"""The middleware, outermost first."""

from starlette.applications import Starlette
from starlette.datastructures import Headers as RequestHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from service.api.direct import Shortcut
from service.api.encoding import Compression
from service.api.endpoints import ENDPOINTS
from service.api.errors import Failures, problem
from service.api.headers import Headers
from service.api.limits import Limits
from service.api.metering import Metering, Meters
from service.api.password import Password
from service.settings import Settings

CLIENT_HEADERS = ["Authorization", "Heartbeat-Refresh", "Heartbeat-Refresh-Failures"]


def add_middleware(app: Starlette, settings: Settings, meters: Meters) -> None:
    """Add headers, compression, failures, counting, CORS, limits and password, outermost first.

    Args:
        app: The app.
        settings: Where a login or another origin is configured.
        meters: Counts the requests.
    """
    process = settings.process
    # The last one added is the outermost.
    app.add_middleware(Shortcut, endpoints=ENDPOINTS)
    if process.dashboard_password is not None:
        app.add_middleware(
            Password,
            password=process.dashboard_password,
            proxy_header=process.trusted_proxy_header,
            title=process.title,
            origins=process.cors_origins,
        )
    app.add_middleware(Limits)
    if process.cors_origins:
        app.add_middleware(
            Origins,
            allow_origins=list(process.cors_origins),
            allow_methods=["GET"],
            allow_headers=CLIENT_HEADERS,
            # The cookie is SameSite=Strict, so this only helps other origins of the same site.
            allow_credentials="*" not in process.cors_origins,
        )
    app.add_middleware(Metering, meters=meters)
    app.add_middleware(Failures)
    app.add_middleware(Compression)
    app.add_middleware(Headers)


class Origins(CORSMiddleware):
    """CORS that refuses with the API's error document."""

    def preflight_response(self, request_headers: RequestHeaders) -> Response:
        """Answer a preflight request."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:  # noqa: PLR2004 - the first status of errors
            return answer
        message = "this origin, method or header is not allowed: see API_CORS_ORIGINS"
        return problem(403, "forbidden", message)
