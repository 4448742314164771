"""The cells against PyTorch, JAX and ONNX Runtime: ``python -m benchmarks.peers``.

Three tables for each number of threads, float32, in milliseconds:

- training step: gather a minibatch of B windows of T steps and F features, forward, squared error
  of a dense layer on the last hidden state, backward, Adam;
- inference: the recurrent layers' forward pass over a minibatch that is ready;
- one window: the same with B = 1.

All sides run in one process and take turns; the time is the median of the rounds, a ratio the
median over rounds of the peer's time by ours (over 1: we are faster). GF/s counts the products of
the layers, 2 g H B T (F + H) forward and 2 g H B T (2F + 3H) in training with g = 4, 3 and 1 gates
for LSTM, GRU and RNN, and stands beside the rate of sgemm (NumPy's OpenBLAS, n = 2048) in the same
process. JAX takes part on one core only, as the number of its threads cannot be set. Weights are in
each library's own form beforehand, except in training, where ours are packed in every step.
"""

import argparse
import os
import subprocess
import sys
from itertools import pairwise

import numpy as np

from benchmarks._measure import (
    CELLS,
    GATES,
    N_MINIBATCHES,
    data,
    flops,
    interleaved,
    median_ratio,
    minibatch_indices,
    peer,
    print_table,
    sgemm_rate,
    training_step,
)

SHAPES = [
    (32, 24, 1, (32,)),
    (64, 60, 8, (64,)),
    (128, 60, 16, (128,)),
    (64, 100, 32, (256,)),
    (32, 50, 64, (512,)),
    (32, 60, 1, (80, 100)),
]
TASKS = ["training step", "inference", "one window"]


def ours(cell, task, shape):
    """A callable that does the task with skrnn."""
    from skrnn.kernels.arena import Arena

    from skrnn.network.minibatch import Minibatch
    from skrnn.network.stack import Network
    from skrnn.validation import as_sequences

    if task == "training step":
        return training_step(cell, shape)
    B, _, F, sizes = shape
    network = Network(CELLS[cell], F, sizes, 1)
    theta = network.initialize(np.random.default_rng(0), np.float32)
    X, _ = data(shape, 1 if task == "one window" else B)
    minibatch = Minibatch(as_sequences(X), np.arange(len(X)), Arena())
    # The layers' arrays come from an arena of their own, which leaves the minibatch's as it is.
    minibatch.arena = Arena()
    prepared = network.prepare(network.params(theta), Arena())

    def forward():
        minibatch.arena.clear()
        x = minibatch.x
        for layer, weights in zip(network.layers, prepared.layers, strict=True):
            initial = [None] * len(layer.state_widths())
            x = layer.forward(weights, minibatch, x, initial, False).output

    return forward


def torch_modules(cell, shape):
    """PyTorch's layers one above the other, and a dense one."""
    torch = peer("torch")

    _, _, F, sizes = shape
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[cell]
    layers = [kind(a, b) for a, b in pairwise((F, *sizes))]
    return torch.nn.ModuleList(layers), torch.nn.Linear(sizes[-1], 1)


def pytorch(cell, task, shape):
    """The same with PyTorch."""
    torch = peer("torch")

    B = shape[0]
    layers, head = torch_modules(cell, shape)

    def recurrent(x):
        for layer in layers:
            x, _ = layer(x)
        return x

    if task == "training step":
        X, y = map(torch.from_numpy, data(shape, B * N_MINIBATCHES))
        adam = torch.optim.Adam([*layers.parameters(), *head.parameters()])
        batches = minibatch_indices(B)

        def step():
            index = torch.from_numpy(next(batches))
            adam.zero_grad()
            hidden = recurrent(X[index].transpose(0, 1))
            torch.nn.functional.mse_loss(head(hidden[-1]), y[index]).backward()
            adam.step()

        return step

    X, _ = data(shape, 1 if task == "one window" else B)
    x = torch.from_numpy(X).transpose(0, 1).contiguous()

    def forward():
        with torch.inference_mode():
            recurrent(x)

    return forward


def jax_peer(cell, task, shape):
    """The same with JAX: a scan over time, compiled as a whole."""
    jax = peer("jax")
    jnp = jax.numpy

    B, _, F, sizes = shape
    rng = np.random.default_rng(0)

    def weights(*s):
        return jnp.asarray(rng.uniform(-0.1, 0.1, s), jnp.float32)

    g = GATES[cell]
    params = [
        (weights(a, g * b), weights(b, g * b), weights(g * b), weights(b))
        for a, b in pairwise((F, *sizes))
    ]
    params.append((weights(sizes[-1], 1), weights(1)))

    def layer(p, x):
        W, U, b, b_q = p
        H = U.shape[0]
        projected = x @ W + b  # (T, B, g H)

        def lstm(state, a):
            h, c = state
            i, f, u, o = jnp.split(a + h @ U, 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(u)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        def gru(h, a):
            q = h @ U
            r = jax.nn.sigmoid(a[:, :H] + q[:, :H])
            z = jax.nn.sigmoid(a[:, H : 2 * H] + q[:, H : 2 * H])
            n = jnp.tanh(a[:, 2 * H :] + r * (q[:, 2 * H :] + b_q))
            h = (1 - z) * n + z * h
            return h, h

        def rnn(h, a):
            h = jnp.tanh(a + h @ U)
            return h, h

        zero = jnp.zeros((x.shape[1], H), x.dtype)
        step = {"lstm": lstm, "gru": gru, "rnn": rnn}[cell]
        return jax.lax.scan(step, (zero, zero) if cell == "lstm" else zero, projected)[1]

    def recurrent(params, x):
        for p in params[:-1]:
            x = layer(p, x)
        return x

    if task != "training step":
        X, _ = data(shape, 1 if task == "one window" else B)
        x, compiled = jnp.asarray(X.swapaxes(0, 1)), jax.jit(recurrent)
        return lambda: compiled(params, x).block_until_ready()

    def loss(params, x, y):
        W, b = params[-1]
        return jnp.mean((recurrent(params, x)[-1] @ W + b - y) ** 2)

    @jax.jit
    def update(params, mean, square, t, X, Y, index):
        gradient = jax.grad(loss)(params, X[index].swapaxes(0, 1), Y[index])
        tree = jax.tree_util.tree_map
        mean = tree(lambda m, d: 0.9 * m + 0.1 * d, mean, gradient)
        square = tree(lambda v, d: 0.999 * v + 0.001 * d * d, square, gradient)
        size = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        params = tree(lambda p, m, v: p - size * m / (jnp.sqrt(v) + 1e-8), params, mean, square)
        return params, mean, square, t + 1

    zeros = jax.tree_util.tree_map(jnp.zeros_like, params)
    X, Y = map(jnp.asarray, data(shape, B * N_MINIBATCHES))
    state, batches = [(params, zeros, zeros, 1.0)], minibatch_indices(B)

    def step():
        state[0] = update(*state[0], X, Y, next(batches))
        jax.block_until_ready(state[0])

    return step


def onnx_runtime(cell, task, shape):
    """The forward pass with ONNX Runtime's operators; None for training."""
    onnxruntime, onnx = peer("onnxruntime"), peer("onnx")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper

    if task == "training step":
        return None
    B, T, F, sizes = shape
    B = 1 if task == "one window" else B
    rng, nodes, tensors, x = np.random.default_rng(0), [], [], "x"
    for k, (n_in, H) in enumerate(pairwise((F, *sizes))):
        n = GATES[cell] * H
        for name, s in ((f"W{k}", (1, n, n_in)), (f"R{k}", (1, n, H)), (f"B{k}", (1, 2 * n))):
            tensors.append(numpy_helper.from_array(rng.uniform(-0.1, 0.1, s).astype("f"), name))
        attributes = {"linear_before_reset": 1} if cell == "gru" else {}
        nodes.append(
            helper.make_node(
                cell.upper(), [x, f"W{k}", f"R{k}", f"B{k}"], [f"y{k}"], hidden_size=H, **attributes
            )
        )
        nodes.append(helper.make_node("Squeeze", [f"y{k}", "one"], [f"x{k}"]))
        x = f"x{k}"
    tensors.append(numpy_helper.from_array(np.array([1]), "one"))
    graph = helper.make_graph(
        nodes,
        cell,
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, (T, B, F))],
        [helper.make_tensor_value_info(x, onnx.TensorProto.FLOAT, (T, B, sizes[-1]))],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    X = np.ascontiguousarray(data(shape, B)[0].swapaxes(0, 1))
    return lambda: session.run(None, {"x": X})


def run(cells, rounds):
    """Measure and print the tables of one number of threads, that of OMP_NUM_THREADS."""
    torch = peer("torch")

    n_threads = int(os.environ["OMP_NUM_THREADS"])
    if n_threads == 1 and hasattr(os, "sched_setaffinity"):
        # JAX keeps to one thread only where there is one core.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    torch.set_num_threads(n_threads)
    peers = {"PyTorch": pytorch, "JAX": jax_peer, "ONNX Runtime": onnx_runtime}
    if n_threads > 1:
        del peers["JAX"]
    rate = sgemm_rate()
    for cell in cells:
        for task in TASKS:
            rows = []
            for shape in SHAPES:
                calls = {"ours": ours(cell, task, shape)}
                calls |= {name: make(cell, task, shape) for name, make in peers.items()}
                times = interleaved({k: f for k, f in calls.items() if f}, rounds, 0.03)
                seconds = float(np.median(times["ours"]))
                gflops = flops(cell, task, shape) / seconds / 1e9
                B, T, F, sizes = shape
                B = 1 if task == "one window" else B
                row = [f"{B}, {T}, {F}, {' then '.join(map(str, sizes))}"]
                row += [f"{seconds * 1e3:.3f}", f"{gflops:.0f}", f"{100 * gflops / rate:.0f}%"]
                for name in peers:
                    if name in times:
                        ratio = median_ratio(times[name], times["ours"])
                        row += [f"{np.median(times[name]) * 1e3:.3f}", f"{ratio:.2f}"]
                rows.append(row)
            names = [n for n in peers if n != "ONNX Runtime" or task != "training step"]
            header = ["B, T, F, H", "ours", "GF/s", "of sgemm"]
            header += [column for name in names for column in (name, "ratio")]
            print(f"\n{cell.upper()}, {task}, {n_threads} thread(s); sgemm {rate:.0f} GF/s")
            print_table(header, rows)
            sys.stdout.flush()


def main():
    """Run each number of threads in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", nargs="+", default=list(GATES), choices=GATES)
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if len(options.threads) == 1 and os.environ.get("OMP_NUM_THREADS") == str(options.threads[0]):
        run(options.cells, options.rounds)
        return
    for n_threads in options.threads:
        environment = os.environ | {"OMP_NUM_THREADS": str(n_threads)}
        command = [sys.executable, "-m", "benchmarks.peers", "--threads", str(n_threads)]
        command += ["--rounds", str(options.rounds), "--cells", *options.cells]
        subprocess.run(command, env=environment, check=True)


if __name__ == "__main__":
    main()
