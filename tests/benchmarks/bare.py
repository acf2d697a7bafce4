"""What one Python process can do at best: fetch, decode, COPY; nothing checked, nothing applied."""

from __future__ import annotations

import psycopg
from eth_abi.abi import decode

from devnet.rpc import Rpc
from tests.benchmarks.history import Past
from tests.benchmarks.work import Stopwatch, Work

_BLOCKS_PER_REQUEST = 100
_TABLE = """
    CREATE TEMPORARY TABLE bare (
        block bigint, log_index int, tx_hash text, sender text, recipient text, value numeric
    )
"""


def copy_all(past: Past, database_url: str) -> Work:
    """Fetch the vault's transfers by range, decode them and COPY them into one table."""
    rpc = Rpc(past.url)
    topic = rpc.call("web3_sha3", "0x" + b"Transfer(address,address,uint256)".hex())
    watch, events = Stopwatch(), 0
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute(_TABLE)
        for first in range(0, past.head + 1, _BLOCKS_PER_REQUEST):
            last = first + _BLOCKS_PER_REQUEST - 1
            wanted = {"fromBlock": hex(first), "toBlock": hex(last), "topics": [topic]}
            logs = rpc.call("eth_getLogs", {**wanted, "address": past.fund.vault.address})
            with cursor.copy("COPY bare FROM STDIN") as copy:
                for log in logs:
                    (value,) = decode(["uint256"], bytes.fromhex(log["data"][2:]))
                    _, sender, recipient = log["topics"]
                    place = (int(log["blockNumber"], 16), int(log["logIndex"], 16))
                    people = ("0x" + sender[26:], "0x" + recipient[26:])
                    copy.write_row((*place, log["transactionHash"], *people, value))
            events += len(logs)
    return watch.work(events)
