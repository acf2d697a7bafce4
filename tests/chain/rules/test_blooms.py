"""Blooms of real blocks, and what they may never do: deny a log that is there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.chain.rules import blooms
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.chain_world import World

words = st.binary(min_size=20, max_size=32).map(lambda raw: "0x" + raw.hex())


@given(st.lists(words, min_size=1, max_size=30))
def test_what_is_in_is_never_denied(values: list[str]) -> None:
    bloom = blooms.bloom_of(values)

    assert all(blooms.may_hold(bloom, value) for value in values)


@given(words)
def test_an_empty_bloom_denies_everything(value: str) -> None:
    assert not blooms.may_hold_any(0, [value])


@pytest.mark.chain
@pytest.mark.django_db
def test_the_bloom_over_a_blocks_logs_is_its_headers(world: World) -> None:
    world.scenario.subscribe(INVESTORS[0], usdt(1_000))
    block = world.scenario.chain.rpc.call("eth_getBlockByNumber", "latest", False)
    logs = world.scenario.chain.rpc.call("eth_getLogs", {"blockHash": block["hash"]})

    bloom = blooms.bloom_of(value for log in logs for value in (log["address"], *log["topics"]))

    assert logs
    assert bloom == int(block["logsBloom"], 16)
