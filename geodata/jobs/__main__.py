"""Run the worker."""

from geodata.jobs import main

main()
