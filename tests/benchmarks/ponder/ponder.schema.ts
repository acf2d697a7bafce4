import { onchainTable } from "ponder";

export const movement = onchainTable("movement", (t) => ({
  id: t.text().primaryKey(),
  sender: t.hex().notNull(),
  recipient: t.hex().notNull(),
  shares: t.bigint().notNull(),
  blockNumber: t.bigint().notNull(),
  at: t.bigint().notNull(),
}));

export const holder = onchainTable("holder", (t) => ({
  address: t.hex().primaryKey(),
  balance: t.bigint().notNull(),
}));
