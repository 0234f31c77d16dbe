"""What every test shares: how hard Hypothesis looks, and readable failures of the shipped contract tests."""

import os

import pytest
from hypothesis import Phase, settings

pytest.register_assert_rewrite("colony_testkit")

# No deadline: an example's time says more about the machine than about the code.
settings.register_profile("default", deadline=None, max_examples=40)
# The same examples on every run, so that a red build blames the change; new examples are found at a desk.
settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True, print_blob=True)
# Until the first example that fails, without a search for the shortest: whether a fault is found at all.
settings.register_profile(
    "first", deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("ci" if os.environ.get("CI") else "default")
