"""`python -m firmware_sim`: the simulated street from the command line."""

import sys

from firmware_sim.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
