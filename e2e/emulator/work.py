"""What AWS does after it has answered: done on threads, and counted, so that a test can wait for its end."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

log = logging.getLogger("emulator")


class Work:
    def __init__(self, workers=2):
        self.pool = ThreadPoolExecutor(workers)
        self.pending = 0
        self.changed = threading.Condition()
        self.failures = []  # the emulator's own: a test that ends with some has failed

    def submit(self, function, *arguments):
        with self.changed:
            self.pending += 1
        self.pool.submit(self._run, function, arguments)

    def _run(self, function, arguments):
        try:
            function(*arguments)
        except Exception as error:  # noqa: BLE001
            log.exception("the emulator failed in %s", function)
            self.failures.append(error)
        finally:
            with self.changed:
                self.pending -= 1
                self.changed.notify_all()

    def wait(self, timeout):
        with self.changed:
            return self.changed.wait_for(lambda: self.pending == 0, timeout)

    def stop(self):
        self.pool.shutdown(cancel_futures=True)


def wait_until(condition, timeout, what):
    """Waits for a condition, looking often: no test and nothing here sleeps for a fixed time."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout} s")
        time.sleep(0.02)
    return value
