"""The contracts as test modules, one for each port: what `--colony-adapter` runs on the fixture `colony_adapter`."""
