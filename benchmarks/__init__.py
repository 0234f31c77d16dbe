"""How fast Colony Core is, beside the floor it stands on: `make bench`, or `python -m benchmarks --help`.

Every figure of the HTTP service is measured in the same run as a bare handler's, round by round in turns, so that
whatever else the machine does falls on both. Nothing here passes or fails.
"""
