"""`python -m colony_console` is `colony`."""

from colony_console.main import main

main()
