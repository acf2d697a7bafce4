"""devstack.ports against real sockets."""

import socket
import threading

from devstack.ports import LOOPBACK, accepts_connections, free_port, free_ports, wait_for_port


def listening_socket() -> socket.socket:
    listener = socket.create_server((LOOPBACK, 0))
    listener.listen()
    return listener


def test_a_free_port_is_kept() -> None:
    preferred = free_port()

    assert free_port(preferred) == preferred


def test_a_busy_port_is_replaced() -> None:
    with listening_socket() as busy:
        taken = busy.getsockname()[1]

        assert free_port(taken) not in (0, taken)


def test_names_never_share_a_port() -> None:
    wanted = free_port()

    chosen = free_ports({"web": wanted, "ws": wanted, "mail": 0})

    assert chosen["web"] == wanted
    assert len(set(chosen.values())) == 3


def test_waiting_ends_when_something_answers() -> None:
    port = free_port()
    opened: list[socket.socket] = []
    opener = threading.Timer(0.1, lambda: opened.append(socket.create_server((LOOPBACK, port))))

    opener.start()
    answered = wait_for_port(port, seconds_max=10)

    assert answered
    opener.join()
    opened[0].close()


def test_waiting_ends_when_nothing_answers() -> None:
    port = free_port()

    assert not wait_for_port(port, seconds_max=0.05)
    assert not accepts_connections(port)
