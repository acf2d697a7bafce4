"""Who people are: users, roles, wallets, sign-in, and signatures of what they decide."""
