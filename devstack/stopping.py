"""How a server of the stack learns that it should end."""

import signal
import threading


def told_to_stop() -> threading.Event:
    """Set as soon as the program is interrupted or terminated; to be asked for in its main thread
    before it serves."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped
