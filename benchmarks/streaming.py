"""One row at a time, beside other libraries: ``python -m benchmarks.streaming``.

An LSTM of 32 units and a dense layer read one row of 4 features, given the state that the rows
before have left: of one stream, and of 10,000 streams in one call. The call is timed as a user
makes it, with a NumPy array of float64 in and one out: ours checks it and returns predictions in
the units of y. ONNX Runtime and PyTorch have the same weights, and take the state in and give it
out; what they return is compared with ours. deep-river, the wrapper of PyTorch for river, keeps the
last 10 rows instead of a state, reads all of them for each row, and has one stream for each model.

Everything has one thread, and times are those of the thread, which other work on the machine does
not lengthen. All take turns of a few calls each; the time is the median of all calls, a ratio the
median over turns of the peer's time by ours (over 1: we are faster). Below that, a row through a
Stream: with a scaler and a state, and with a scaler and windows of 24 rows.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks._measure import in_process, median_ratio, peer, print_table

N_FEATURES, N_UNITS, N_STREAMS = 4, 32, 10_000
WINDOW = 24
RESULTS = Path(__file__).parent / "results" / "streaming.md"


def model_and_data():
    """A regressor that was fitted for a moment, and rows."""
    from skrnn import LSTMRegressor

    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 20, N_FEATURES))
    model = LSTMRegressor(N_UNITS, max_iter=1, random_state=0).fit(X, 5 + X.sum(axis=(1, 2)))
    return model, rng.standard_normal((N_STREAMS, N_FEATURES))


def ours(model, x):
    """A callable that reads a row of each stream, and returns predictions and what it has read."""
    state = model.predict_step(x, model.init_state(len(x)))[1]
    return lambda: model.predict_step(x, state)[0]


def carried(model, x):
    """h and c after the rows were read once, and what turns raw predictions into those of y."""
    state = model.predict_step(x, model.init_state(len(x)))[1]
    h, c = np.split(state.values, 2, axis=1)
    return h.copy(), c.copy(), *model._target.affine


def pytorch(model, x):
    """The same with PyTorch."""
    torch = peer("torch")

    torch.set_num_threads(1)
    weights = {name: torch.from_numpy(w) for name, w in model.named_parameters().items()}
    lstm, head = torch.nn.LSTM(N_FEATURES, N_UNITS), torch.nn.Linear(N_UNITS, 1)
    with torch.no_grad():
        lstm.weight_ih_l0[:], lstm.weight_hh_l0[:] = (
            weights["weight_ih_l0"],
            weights["weight_hh_l0"],
        )
        lstm.bias_ih_l0[:], lstm.bias_hh_l0[:] = weights["bias_l0"], 0
        head.weight[:], head.bias[:] = weights["weight_out"], weights["bias_out"]
    h, c, scale, shift = carried(model, x)
    state = torch.from_numpy(h)[None], torch.from_numpy(c)[None]

    def step():
        with torch.inference_mode():
            hidden, _ = lstm(torch.from_numpy(x.astype(np.float32))[None], state)
            return head(hidden[0]).numpy()[:, 0] * scale + shift

    return step


def onnx_runtime(model, x):
    """The same with ONNX Runtime."""
    onnxruntime, onnx = peer("onnxruntime"), peer("onnx")
    helper, FLOAT = onnx.helper, onnx.TensorProto.FLOAT

    weights = model.named_parameters()

    def by_gate(array):  # from i f g o
        i, f, g, o = np.split(array, 4)
        return np.concatenate([i, o, f, g])[None]

    bias = by_gate(weights["bias_l0"])
    tensors = {
        "W": by_gate(weights["weight_ih_l0"]),
        "R": by_gate(weights["weight_hh_l0"]),
        "B": np.concatenate([bias, np.zeros_like(bias)], axis=1),
        "head": weights["weight_out"],
        "bias": weights["bias_out"],
        "zero": np.array([0]),
    }
    nodes = [
        helper.make_node("Unsqueeze", ["x", "zero"], ["steps"]),
        helper.make_node(
            "LSTM", ["steps", "W", "R", "B", "", "h", "c"], ["", "h_", "c_"], hidden_size=N_UNITS
        ),
        helper.make_node("Squeeze", ["h_", "zero"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "head", "bias"], ["y"], transB=1),
    ]

    def infos(**shapes):
        return [helper.make_tensor_value_info(n, FLOAT, shape) for n, shape in shapes.items()]

    of_state = (1, None, N_UNITS)
    graph = helper.make_graph(
        nodes,
        "step",
        infos(x=(None, N_FEATURES), h=of_state, c=of_state),
        infos(y=(None, 1), h_=of_state, c_=of_state),
        [onnx.numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )
    model_ = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model_.SerializeToString(), options)
    h, c, scale, shift = carried(model, x)
    state = {"h": h[None], "c": c[None]}

    def step():
        y, _, _ = session.run(None, {"x": x.astype(np.float32), **state})
        return y[:, 0] * scale + shift

    return step


def deep_river(model, x):
    """A row of one stream with deep-river; it has no weights of ours."""
    if len(x) > 1:
        return None
    regressor = peer("deep_river.regression.zoo").LSTMRegressor(N_FEATURES, N_UNITS)
    row = dict(zip("abcd", x[0].tolist(), strict=True))
    for _ in range(WINDOW):
        regressor.learn_one(row, 1.0)
    return lambda: regressor.predict_one(row)


PEERS = {"ONNX Runtime": onnx_runtime, "PyTorch": pytorch, "deep-river": deep_river}


def streams(x):
    """Callables that push one row through a Pipeline."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from skrnn import LSTMRegressor, RNNStepRegressor, SlidingWindow, Stream

    step = RNNStepRegressor(N_UNITS, cell="lstm", max_iter=1, random_state=0)
    window = LSTMRegressor(N_UNITS, max_iter=1, random_state=0)
    for name, steps in {
        "Stream, scaler and state, 1 row": [StandardScaler(), step],
        f"Stream, scaler and window of {WINDOW}, 1 row": [
            StandardScaler(), SlidingWindow(WINDOW), window,
        ],
    }.items():  # fmt: skip
        stream = Stream(make_pipeline(*steps).fit(x[:500], x[:500].sum(axis=1)))
        stream.warm_start(x[:WINDOW])
        yield name, {"ours": lambda stream=stream: stream.push(x[:1])}


def seconds(calls, rounds, n_calls):
    """The time of every call by name, (rounds, n_calls); in each round all take their turn."""
    times = {name: np.empty((rounds, n_calls)) for name in calls}
    for turn in range(rounds):
        for name, call in calls.items():
            call()
            for k in range(n_calls):
                start = time.thread_time_ns()
                call()
                times[name][turn, k] = (time.thread_time_ns() - start) / 1e9
    return times


def row(name, asked_for, calls, rounds, n_calls):
    """Of the table: microseconds of ours, and those of each peer with their ratio."""
    times = seconds(calls, rounds, n_calls)
    cells = [name, asked_for, f"{np.median(times['ours']) * 1e6:.1f}"]
    for other in PEERS:
        if other in times:
            medians = [np.median(times[who], axis=1) for who in (other, "ours")]
            cells += [f"{np.median(times[other]) * 1e6:.1f}", f"{median_ratio(*medians):.1f}"]
        else:
            cells += ["", ""]
    return cells


def run(rounds):
    """Measure, print the table, and write it down."""
    model, X = model_and_data()
    rows = []
    for name, asked_for, x, n_calls in (
        ("1 stream", "≤ 8", X[:1], 100),
        (f"{N_STREAMS:,} streams", "≤ 3000", X, 3),
    ):
        calls = {"ours": ours(model, x)}
        calls |= {other: make(model, x) for other, make in PEERS.items()}
        calls = {who: call for who, call in calls.items() if call}
        for who in set(calls) - {"ours", "deep-river"}:
            np.testing.assert_allclose(calls[who](), calls["ours"](), rtol=1e-4, atol=1e-4)
        rows.append(row(f"LSTM({N_UNITS}), {name}", asked_for, calls, rounds, n_calls))
    rows += [row(name, "", calls, rounds, 20) for name, calls in streams(X)]
    header = [
        "µs per call",
        "asked for",
        "ours",
        *(cell for other in PEERS for cell in (other, "ratio")),
    ]
    print_table(header, rows)
    lines = [header, ["---"] * len(header), *rows]
    RESULTS.write_text("".join(f"| {' | '.join(line)} |\n" for line in lines), encoding="utf-8")


def main():
    """Run in a process with one thread."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    in_process(run, parser.parse_args().rounds, OMP_NUM_THREADS="1")


if __name__ == "__main__":
    main()
