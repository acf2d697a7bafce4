"""A stored log read with the ABI as it is known today."""

from apps.chain import contracts
from apps.chain.contracts import abi
from apps.chain.models import Log, LogStatus
from apps.chain.queries import source_of


def decode(row: Log) -> bool:
    """Fill in what the log says (event, args, key); False when it is still not understood.

    The row's status becomes UNKNOWN or UNDECODABLE then, and SEEN otherwise; nothing is saved.
    """
    contract = contracts.speaker(row.chain_id, row.address, row.contract_kind)
    event = abi.event_for(contract, row.topics[0]) if row.topics else None
    if event is None:
        row.status = LogStatus.UNKNOWN
        return False
    row.event = event.name
    try:
        row.args = event.decode(row.topics, row.data)
        row.key = contracts.key_of(contract, event.name, source_of(row), row.args)[:160]
    except (abi.Undecodable, ValueError, LookupError) as error:
        row.status, row.error = LogStatus.UNDECODABLE, str(error)[:2000]
        return False
    row.status, row.error = LogStatus.SEEN, ""
    return True
