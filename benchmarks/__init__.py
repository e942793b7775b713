"""How fast Menshen is: every figure beside something plain, measured in the same run."""
