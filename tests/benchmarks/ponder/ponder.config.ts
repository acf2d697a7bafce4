// Where the benchmark's node and contract are comes by environment from ponder_run.py.
import { createConfig } from "ponder";
import { parseAbi } from "viem";

const from = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

export default createConfig({
  chains: {
    bench: { id: Number(from("BENCH_CHAIN_ID")), rpc: from("BENCH_RPC_URL") },
  },
  contracts: {
    Vault: {
      chain: "bench",
      abi: parseAbi(["event Transfer(address indexed from, address indexed to, uint256 value)"]),
      address: from("BENCH_VAULT") as `0x${string}`,
      startBlock: Number(from("BENCH_FIRST_BLOCK")),
    },
  },
});
