// What our own handlers do with a share transfer: the movement is kept, both balances move.
import { ponder } from "ponder:registry";
import { holder, movement } from "ponder:schema";
import { zeroAddress } from "viem";

ponder.on("Vault:Transfer", async ({ event, context }) => {
  const { from, to, value } = event.args;
  await context.db.insert(movement).values({
    id: event.id,
    sender: from,
    recipient: to,
    shares: value,
    blockNumber: event.block.number,
    at: event.block.timestamp,
  });
  if (from !== zeroAddress) {
    await context.db
      .insert(holder)
      .values({ address: from, balance: -value })
      .onConflictDoUpdate((row) => ({ balance: row.balance - value }));
  }
  if (to !== zeroAddress) {
    await context.db
      .insert(holder)
      .values({ address: to, balance: value })
      .onConflictDoUpdate((row) => ({ balance: row.balance + value }));
  }
});
