"""The development chain: anvil, the fund's contracts on it, and somebody who uses them.

Nothing here knows Django or the back-office; the back-office knows only the chain file.

| module | what it offers |
|---|---|
| `node` | `Anvil.start(...)`: a node of one's own, stopped by `stop()` or `with` |
| `deploy` | `deploy(rpc_url, folder, password=...)`: contracts, roles, chain file, keystore |
| `chain_file` | the chain file's shape: write it, read it |
| `up` | `bring_up(folder, password=...)`: all of it in a folder, kept across restarts |
| `accounts` | who is who: staff wallets and investors |
| `scenario` | `Scenario.connect(chain_file)`: all that people, time and reorgs do |
| `history`, `live` | four months of activity; one random step |
| `every_event` | an action for every event of the contracts |

On the command line: `python -m devnet --help`.
"""
