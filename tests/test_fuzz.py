"""A fixed part of the random cases of ``make fuzz``; a seed that fails is named by its test."""

import pytest

import skrnn
from tests.fuzz.subjects import SHARES, SUBJECTS, run

N_CASES = 300


def test_every_public_name_is_tried():
    assert sorted(SUBJECTS) == sorted(skrnn.__all__)
    assert set(SUBJECTS) <= set(SHARES)


@pytest.mark.parametrize("seed", range(N_CASES))
def test_case(seed):
    """Alone: ``python -m tests.fuzz --seed`` and the number."""
    run(seed)
