"""Work upstream while the test does something else."""

import threading

from . import shop


class Background:
    """Takes one step after the other in a thread, inside `with`; what a step raises is raised at the end of it."""

    def __init__(self, connection, step):
        self.connection = connection
        self.step = step
        self.stopping = threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            while not self.stopping.is_set():
                self.step()
        except Exception as error:  # noqa: BLE001 (raised again in __exit__)
            self.failure = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, value, trace):
        self.stopping.set()
        self.thread.join()
        self.connection.close()
        if self.failure and kind is None:
            raise self.failure


def random_work(upstream, seed):
    """Random transactions on the shop."""
    worker = shop.Worker(upstream.connect("shop"), seed=seed)
    return Background(worker.connection, worker.transaction)
