"""Where the switches that an emergency throws stand, by final logs."""

from datetime import datetime

from apps.chain import queries as chain
from apps.fund import queries as fund
from apps.risk.rules.switches import Switch


def is_on(switch: Switch) -> bool:
    """Whether a switch is thrown; one that was never touched is not."""
    return positions()[switch]


def positions() -> dict[Switch, bool]:
    """Where every switch stands."""
    config = chain.fund_chain()
    thrown = {
        (view.contract, view.name): view.is_on
        for view in fund.switches_now()
        if view.chain_id == config.chain_id
    }
    return {
        switch: thrown.get(
            (config.contract(switch.contract_kind).address, switch.name_on_chain), False
        )
        for switch in Switch
    }


def thrown_on_at(switch: Switch) -> datetime | None:
    """When a switch that is on was thrown; None while it is off."""
    config = chain.fund_chain()
    where = (config.contract(switch.contract_kind).address, switch.name_on_chain)
    return next(
        (
            view.at
            for view in fund.switches_now()
            if view.chain_id == config.chain_id and (view.contract, view.name) == where
            if view.is_on
        ),
        None,
    )


def is_settled(switch: Switch, *, on: bool, chain_id: int) -> bool:
    """Whether a switch stands as it should, or a call that throws it so is on its way."""
    if is_on(switch) == on:
        return True
    call = switch.call(chain_id=chain_id, on=on)
    sent = chain.open_transaction(chain_id, [call.kind], call.subject_id)
    return sent is not None and sent.sentence == call.sentence
