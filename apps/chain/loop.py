"""The long-running commands' loop: lead, turn, rest; stand by while another leads."""

import logging
import signal
import threading
from collections.abc import Callable

from django import db

from apps.chain.client.blocks import NodeLied
from apps.chain.listener import Overtaken
from apps.chain.sender import Overtaken as SenderOvertaken
from apps.core.errors import Unavailable

log = logging.getLogger(__name__)

STANDBY_SECONDS = 1.0
_TROUBLE_SECONDS_MAX = 5.0


class Stop:
    """Set by SIGTERM and SIGINT; ends the loop after the turn in hand."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._alarms: list[threading.Event] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.ask())

    @property
    def asked(self) -> bool:
        return self._event.is_set()

    def ask(self) -> None:
        """Stop as a signal would."""
        self._event.set()
        for alarm in self._alarms:
            alarm.set()

    def alarm(self) -> threading.Event:
        """An event for others to set, which ends the rests that are given it."""
        alarm = threading.Event()
        self._alarms.append(alarm)
        return alarm

    def rest(self, seconds: float, alarm: threading.Event | None = None) -> None:
        """Wait, or less when asked to stop, or when the alarm goes off or did since the last."""
        if alarm is None:
            self._event.wait(seconds)
        else:
            alarm.wait(seconds)
            alarm.clear()


def run(
    *,
    name: str,
    take: Callable[[], bool],
    turn: Callable[[], bool],
    give_back: Callable[[], None],
    poll_seconds: float,
    stop: Stop,
    alarm: threading.Event | None = None,
) -> None:
    """Lead and take turns until asked to stop; ``turn`` says whether more is waiting.

    Between turns it rests, or until the alarm (one of the stop's) goes off.
    Trouble with nodes, the database or leadership is logged in a sentence and tried again.
    """
    leading = False
    trouble_seconds = poll_seconds
    while not stop.asked:
        try:
            if not leading:
                leading = take()
                if not leading:
                    stop.rest(STANDBY_SECONDS)
                    continue
                log.info("%s: leading", name)
            more = turn()
            trouble_seconds = poll_seconds
            if not more:
                stop.rest(poll_seconds, alarm)
        except (Unavailable, NodeLied) as trouble:
            log.warning("%s: %s", name, trouble)
            trouble_seconds = min(trouble_seconds * 2, _TROUBLE_SECONDS_MAX)
            stop.rest(trouble_seconds)
        except (Overtaken, SenderOvertaken) as overtaken:
            log.warning("%s: %s; standing by", name, overtaken)
            leading = False
            db.connection.close()
        except (db.OperationalError, db.InterfaceError) as error:
            log.warning("%s: the database does not answer (%s)", name, str(error).strip())
            leading = False
            db.connection.close()
            stop.rest(STANDBY_SECONDS)
        except Exception:
            # A mistake of ours: told in full and tried again, for a thread that ends is missed by
            # nobody. Closing the connection gives the lock to a standby that may fare better.
            log.exception("%s: a turn failed", name)
            leading = False
            db.connection.close()
            stop.rest(_TROUBLE_SECONDS_MAX)
    if leading:
        give_back()
    log.info("%s: stopped", name)
