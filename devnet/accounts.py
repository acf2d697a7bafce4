"""Who is who on the development chain: one list of names and account indexes.

All of them come from anvil's well-known mnemonic, so their keys are public: good for playing a
person, never for the back-office's own signer, which `deploy` makes afresh.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from eth_account import Account

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

MNEMONIC = "test test test test test test test test test test test junk"
ACCOUNTS_COUNT = 30


@dataclass(frozen=True)
class Actor:
    """A person or firm with a wallet; `index` is the last part of its derivation path."""

    name: str
    index: int

    @cached_property
    def account(self) -> LocalAccount:
        """The wallet with its key, for signing what the back-office asks to be signed."""
        Account.enable_unaudited_hdwallet_features()
        path = f"m/44'/60'/0'/0/{self.index}"
        account: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=path)
        return account

    @property
    def address(self) -> str:
        """Checksummed address."""
        return str(self.account.address)


# Staff. ADMIN deploys the contracts and holds every administrator role.
ADMIN = Actor("Ada Lindqvist", 0)
ADMIN_2 = Actor("Bruno Achterberg", 1)
APPROVER_1 = Actor("Chiara Monti", 2)
APPROVER_2 = Actor("Daniel Okafor", 3)
APPROVER_3 = Actor("Elif Tan", 4)
OPERATOR = Actor("Farid Nasser", 5)
RISK_OFFICER = Actor("Greta Holm", 6)
AUDITOR = Actor("Hugo Ferrand", 7)
STAFF = (ADMIN, ADMIN_2, APPROVER_1, APPROVER_2, APPROVER_3, OPERATOR, RISK_OFFICER, AUDITOR)

# Wallets nobody signs in with.
FEE_RECIPIENT = Actor("Fee account", 8)
STRANGER = Actor("Stranger", 9)

INVESTORS = (
    Actor("Larkspur Family Office", 10),
    Actor("Tamarind Treasury DAO", 11),
    Actor("Cobalt Ridge Capital", 12),
    Actor("Ingrid Vestergaard", 13),
    Actor("Marlowe & Finch Holdings", 14),
    Actor("Quillon Digital Assets", 15),
    Actor("Rafael Ibarra", 16),
    Actor("Saltmarsh Pension Trust", 17),
    Actor("Umi Takahashi", 18),
    Actor("Verbena Ventures", 19),
    Actor("Wexcombe Endowment", 20),
    Actor("Yardley Market Making", 21),
)
