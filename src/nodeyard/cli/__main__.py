"""`python -m nodeyard.cli`: the same program where no console script is installed."""

from nodeyard.cli.main import main

main()
