"""A wire in front of a server that counts what passes, both ways, as a phone company would."""

import socket
import threading

from tests.services import free_port


class Metered:
    """Listens on a port of its own; `bytes` so far, of every connection."""

    def __init__(self, target: int) -> None:
        self.port, self.bytes, self._target = free_port(), 0, target
        self._door = socket.create_server(("127.0.0.1", self.port))
        self._lock = threading.Lock()
        self._open = [self._door]
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)  # wakes who waits at the door
        for each in self._open:
            each.close()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            self._open += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while piece := source.recv(65_536):
                with self._lock:
                    self.bytes += len(piece)
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return
