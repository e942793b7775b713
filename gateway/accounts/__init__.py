"""Who may do what: accounts, their rights and areas, passwords, sessions and tokens."""
