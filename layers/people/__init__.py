"""People who sign in: accounts, sessions, tokens, roles and what follows from them."""
