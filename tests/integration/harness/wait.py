"""Waiting for conditions, never for time."""

import time


def eventually(condition, timeout=30.0, message="", every=0.02):
    """Call `condition` until it returns something true, and return that.

    A condition which raises AssertionError is "not yet"; when time is up, what it said last is shown.
    """
    deadline = time.monotonic() + timeout
    last = None
    while True:
        try:
            value = condition()
            if value:
                return value
            last = f"the condition was last {value!r}"
        except AssertionError as not_yet:
            last = str(not_yet)
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout} s: {message or condition.__name__}; {last}")
        time.sleep(every)
