// Compiles devnet/contracts to devnet/artifacts, the same bytes from the same sources every time.
//
//   node compile.mjs [output folder]
//
// Imports are followed from our own files into node_modules/@openzeppelin. Warnings are errors.
// Safe's contracts are taken as their makers compiled them, which is how they stand on real chains.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";

const here = dirname(fileURLToPath(import.meta.url));
const output = resolve(process.argv[2] ?? join(here, "artifacts"));
const safe = join(here, "node_modules/@safe-global/safe-contracts/build/artifacts/contracts");
const ready = [
  "SafeL2.sol/SafeL2.json",
  "proxies/SafeProxyFactory.sol/SafeProxyFactory.json",
  "handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler.json",
];
const own = readdirSync(join(here, "contracts"), { recursive: true })
  .filter((name) => name.endsWith(".sol"))
  .sort();

const input = {
  language: "Solidity",
  sources: Object.fromEntries(
    own.map((name) => [name, { content: readFileSync(join(here, "contracts", name), "utf8") }]),
  ),
  settings: {
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 200 },
    // Without the metadata hash the bytecode depends on nothing but code and compiler.
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
  },
};

function readImport(path) {
  try {
    return { contents: readFileSync(join(here, "node_modules", path), "utf8") };
  } catch {
    return { error: `${path} not found; run: npm ci in devnet` };
  }
}

const compiled = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }));
const complaints = (compiled.errors ?? []).filter(({ severity }) => severity !== "info");
if (complaints.length > 0) {
  console.error(complaints.map(({ formattedMessage }) => formattedMessage).join("\n"));
  process.exit(1);
}

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
for (const file of own) {
  for (const [contractName, { abi, evm }] of Object.entries(compiled.contracts[file] ?? {})) {
    if (evm.bytecode.object === "") continue; // interfaces
    write({ contractName, abi, bytecode: `0x${evm.bytecode.object}` });
    console.log(`${contractName}: ${evm.deployedBytecode.object.length / 2} bytes`);
  }
}
for (const file of ready) {
  const { contractName, abi, bytecode } = JSON.parse(readFileSync(join(safe, file), "utf8"));
  write({ contractName, abi, bytecode });
}

function write(artifact) {
  const text = `${JSON.stringify(artifact, null, 1)}\n`;
  writeFileSync(join(output, `${artifact.contractName}.json`), text);
}
