"""What every test shares: how hard Hypothesis looks, and readable failures of the shipped contract tests."""

import os

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("colony_testkit")

# No deadline: an example's time says more about the machine than about the code.
settings.register_profile("default", deadline=None, max_examples=40)
# The same examples on every run, so that a red build blames the change; new examples are found at a desk.
settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")
