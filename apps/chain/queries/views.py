"""Single requests, accounts and roles as the fund's contracts state them, read at one block."""

from collections.abc import Sequence

from apps.chain.contracts import views
from apps.chain.contracts.fund_state import BlockRef
from apps.chain.contracts.views import RequestBook, RequestState, RoleQuestion
from apps.chain.queries.fund import fund_chain
from apps.chain.queries.nodes import web_client


def read_requests(block: BlockRef, request_ids: Sequence[int]) -> dict[int, RequestState | None]:
    """Redemption requests by number, None where the manager knows none.

    Raises:
        ChainUnavailable: no node answers.
    """
    config = fund_chain()
    manager = config.contract("redemption_manager")
    return views.read_requests(web_client(config), manager, block, request_ids)


def read_request_book(block: BlockRef) -> RequestBook:
    """How many requests the manager counts, and which wait for approval.

    Raises:
        ChainUnavailable: no node answers.
    """
    config = fund_chain()
    manager = config.contract("redemption_manager")
    return views.read_request_book(web_client(config), manager, block)


def read_balances(block: BlockRef, accounts: Sequence[str]) -> dict[str, int | None]:
    """Share balances by account, None where the vault does not answer.

    Raises:
        ChainUnavailable: no node answers.
    """
    config = fund_chain()
    return views.read_balances(
        web_client(config), config.contract("vault").address, block, accounts
    )


def read_roles(block: BlockRef, questions: Sequence[RoleQuestion]) -> list[bool | None]:
    """Whether accounts hold roles, in order; None where the contract does not answer.

    Raises:
        ChainUnavailable: no node answers.
    """
    return views.read_roles(web_client(fund_chain()), block, questions)
