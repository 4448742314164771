"""What is tried: a function for every public name, which gets a generator and the name."""

from tests.fuzz.estimators import estimator
from tests.fuzz.invalid import invalid
from tests.fuzz.streams import stream
from tests.fuzz.tables import horizons, long_tables, panel_split, sliding_window
from tests.fuzz.tokens import sample, token_encoder
from tests.fuzz.transformers import (
    columnwise,
    lag_columns,
    pad_sequences,
    per_step,
    sequences,
    window_scaled,
)
from tests.fuzz.writers import encoder_decoder

SUBJECTS = {
    "GRUClassifier": estimator,
    "GRURegressor": estimator,
    "LSTMClassifier": estimator,
    "LSTMRegressor": estimator,
    "RNNClassifier": estimator,
    "RNNEncoderDecoder": encoder_decoder,
    "RNNRegressor": estimator,
    "RNNStepClassifier": estimator,
    "RNNStepRegressor": estimator,
    "ColumnwiseRegressor": columnwise,
    "LagColumnsToSequence": lag_columns,
    "PanelTimeSeriesSplit": panel_split,
    "PerStep": per_step,
    "Sequences": sequences,
    "SlidingWindow": sliding_window,
    "Stream": stream,
    "TokenEncoder": token_encoder,
    "WindowScaledRegressor": window_scaled,
    "forecast": horizons,
    "from_long": long_tables,
    "make_horizon_target": horizons,
    "pad_sequences": pad_sequences,
    "sample": sample,
    "to_long": long_tables,
}
# More often than the others: what is wrong, and what has most parameters.
WRONG = "invalid"
SHARES = [*SUBJECTS, *[WRONG] * 8, *["SlidingWindow", "Stream", "RNNEncoderDecoder"] * 2]


def run(seed):
    """One case; an error is a defect."""
    import warnings

    import numpy as np

    rng = np.random.default_rng(seed)
    name = SHARES[rng.integers(len(SHARES))]
    with warnings.catch_warnings():
        # Users are warned of much that a random case has. What NumPy warns of is a defect.
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UserWarning)
        SUBJECTS.get(name, invalid)(rng, name)
