"""The application of a test behind uvicorn, on a port of its own."""

import threading

import uvicorn

from tests.services import free_port, wait_for
from tests.web.respondent.site import Site


class Served:
    """The application as it is served in production: without a Server header."""

    def __init__(self, site: Site, *, port: int = 0) -> None:
        self.port = port or free_port()
        config = uvicorn.Config(
            site.app, port=self.port, log_level="error", lifespan="off", server_header=False
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        wait_for(self.port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)
