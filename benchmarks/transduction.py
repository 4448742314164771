"""Grapheme to phoneme in ten languages: ``python -m benchmarks.transduction --data FOLDER``.

The folder has the words of SIGMORPHON 2020 task 1 (Gorman et al.): for each language 3,600 to train
on, 450 to choose by and 450 to report, each with its phonemes. Errors are the share of words that
are not exactly right (WER) and edits by phonemes (PER), means over the languages: of one model (the
mean over seeds) and of a vote of all seeds, greedily and by beam search.

What each fit predicted goes into a file of records at once. A run that is cut goes on where it was,
and runs for different ``--languages`` may share the file. When all fits are there, the table is
written to ``results/transduction.md``. ``--choose`` compares hyperparameters by the dev part
instead; it never reads the test part. ``--speed`` measures an epoch, beside PyTorch, and predicting
450 words. All seconds are of CPU time, with one thread.
"""

import argparse
import json
import time
from collections import Counter
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks._measure import median_ratio, print_table
from benchmarks.accuracy import markdown
from skrnn import RNNEncoderDecoder
from skrnn.metrics import token_error_rate

RESULTS = Path(__file__).parent / "results" / "transduction.md"
RECORDS = Path(__file__).parents[1] / "build" / "transduction.jsonl"
# With the word error rates of the LSTM baseline of the task, tuned for each language, by beam 5.
LANGUAGES = {
    "arm": 14.67, "bul": 31.11, "dut": 16.44, "fre": 6.22, "geo": 26.44, "hin": 6.67, "hun": 5.33,
    "jpn": 7.56, "lit": 19.11, "vie": 4.67,
}  # fmt: skip
BEAMS = 1, 5
MODEL = {
    "cell": "gru",
    "hidden_layer_sizes": 128,
    "attention": "dot",
    "embedding_dim": 128,
    "embedding_dropout": 0.3,
    "dropout": 0.3,
    "label_smoothing": 0.1,
    "output_separator": " ",
    "learning_rate_init": 0.004,
    "batch_size": 32,
    "max_iter": 40,
}
CHANGES = {
    "as it is": {},
    "LSTM": {"cell": "lstm", "learning_rate_init": 0.002},
    "additive": {"attention": "additive"},
    "units 256": {"hidden_layer_sizes": 256},
    "dropout .5": {"dropout": 0.5, "embedding_dropout": 0.5},
    "whole vectors": {"embedding_dropout": 0.0},
    "60 epochs": {"max_iter": 60},
    "best epoch": {"early_stopping": True, "scoring": "accuracy"},
}
SPEED_HEADER = ["language", "cell", "ours", "PyTorch", "ratio", "asked for", f"beam {BEAMS[-1]}"]
ASKED_FOR = {"lstm": 2.5, "gru": 4}
N_EPOCHS = 2  # of a turn


def read(folder, language, part):
    """The words, and their phonemes."""
    lines = (folder / f"{language}_{part}.tsv").read_text(encoding="utf-8").splitlines()
    words, phonemes = zip(*(line.split("\t") for line in lines), strict=True)
    return np.array(words, object), np.array(phonemes, object)


def fit_and_predict(folder, language, seed, change, parts):
    """A record: what one fit predicts for the words of some parts, by the size of the beam."""
    X, y = read(folder, language, "train")
    X_val, y_val = read(folder, language, "dev")
    start = time.process_time()
    model = RNNEncoderDecoder(**MODEL | CHANGES[change], random_state=seed)
    model.fit(X, y, **({"X_val": X_val, "y_val": y_val} if model.early_stopping else {}))
    record = {"language": language, "seed": seed, "parameters": MODEL | CHANGES[change]}
    record |= {"seconds": time.process_time() - start, "n_iter": model.n_iter_}
    for part in parts:
        words, _ = read(folder, language, part)
        record[part] = {
            str(size): model.set_params(beam_size=size).predict(words).tolist() for size in BEAMS
        }
    return record


def key(language, seed, parameters):
    """What tells records apart."""
    return language, seed, json.dumps(parameters, sort_keys=True)


def complete(file, folder, runs, parts):
    """The records of all runs; those that are not in the file are made, and added to it."""
    file.parent.mkdir(exist_ok=True)
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    known = {
        key(record["language"], record["seed"], record["parameters"]): record
        for record in map(json.loads, lines)
        if {*parts} <= {*record}
    }
    for seed, language, change in runs:
        record = known.get(key(language, seed, MODEL | CHANGES[change]))
        if record is None:
            record = fit_and_predict(folder, language, seed, change, parts)
            with file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")
            print(language, seed, change, f"{record['seconds']:.0f} s", flush=True)
        yield record | {"change": change}


def vote(predictions):
    """The most frequent prediction for each word; of equally frequent ones that of the first."""
    return [Counter(each).most_common(1)[0][0] for each in zip(*predictions, strict=True)]


def errors(phonemes, predicted):
    """The word error rate and the phoneme error rate, in percent."""
    wrong = np.mean(np.not_equal(phonemes, predicted))
    return 100 * wrong, 100 * token_error_rate(phonemes, predicted, separator=" ")


def summary(records, phonemes, part):
    """Errors in a language, (4, 2): means over the fits with each beam, those of a vote of all."""
    by_beam = [[record[part][str(size)] for record in records] for size in BEAMS]
    means = [np.mean([errors(phonemes, each) for each in fits], axis=0) for fits in by_beam]
    return np.array([*means, *(errors(phonemes, vote(fits)) for fits in by_beam)])


def of_part(records, folder, part):
    """Errors (n_languages, 4, 2), in the order in which the languages are in the records."""
    languages = dict.fromkeys(record["language"] for record in records)
    return np.array(
        [
            summary(
                [record for record in records if record["language"] == language],
                read(folder, language, part)[1],
                part,
            )
            for language in languages
        ]
    )


def row(name, table):
    """A row: the error rates (4, 2) in words, and in brackets in phonemes."""
    return [name, *(f"{wer:.2f} ({per:.2f})" for wer, per in table)]


def rows(records, folder):
    """A row for each language, their mean, and what is asked for."""
    table = of_part(records, folder, "test")
    seconds = {}
    for record in records:
        seconds.setdefault(record["language"], []).append(record["seconds"])
    for (language, taken), of_language in zip(seconds.items(), table, strict=True):
        reference = f"{LANGUAGES[language]:.2f}"
        yield [*row(language, of_language), reference, f"{np.mean(taken):.0f}"]
    reference = np.mean([LANGUAGES[language] for language in seconds])
    yield [*row("mean", table.mean(axis=0)), f"{reference:.2f}", ""]
    yield ["asked for", "≤ 14.2", "≤ 14.2", "≤ 13.0", "≤ 13.0", "", "600"]


def choices(records, folder):
    """A row for each change: the means over languages in the dev part."""
    for change in dict.fromkeys(record["change"] for record in records):
        of_change = [record for record in records if record["change"] == change]
        seconds = np.mean([record["seconds"] for record in of_change])
        yield [*row(change, of_part(of_change, folder, "dev").mean(axis=0)), f"{seconds:.0f}"]


def cpu_seconds(call):
    """The CPU time of a call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def speed(folder, language, cell, rounds):
    """A row: seconds per epoch, ours and PyTorch's in turn, and of predicting the dev part."""
    X, y = read(folder, language, "train")
    options = {"cell": cell, "max_iter": N_EPOCHS}
    model = RNNEncoderDecoder(**MODEL | options, random_state=0)
    calls = {"ours": lambda: model.fit(X, y)}
    if find_spec("torch"):
        from benchmarks._torch_translation import TorchTranslation

        symbols = list(map(list, X)), [text.split(" ") for text in y]
        theirs = TorchTranslation(cell.upper(), *symbols)
        calls["PyTorch"] = lambda: theirs.fit(N_EPOCHS)
    taken = {name: [] for name in calls}
    for i in range(rounds + 1):
        for name, call in calls.items():
            seconds = cpu_seconds(call) / N_EPOCHS
            if i > 0:  # the first one warms up
                taken[name].append(seconds)
    model.set_params(max_iter=20).fit(X, y).set_params(beam_size=BEAMS[-1])
    words, _ = read(folder, language, "dev")
    beam = min(cpu_seconds(lambda: model.predict(words)) for _ in range(3))
    found = [f"{np.median(taken['ours']):.2f}", "", ""]
    if "PyTorch" in taken:
        ratio = median_ratio(taken["PyTorch"], taken["ours"])
        found[1:] = [f"{np.median(taken['PyTorch']):.2f}", f"{ratio:.2f}"]
    return [language, cell, *found, f"≥ {ASKED_FOR[cell]}", f"{beam:.2f} (≤ 2)"]


def main():
    """Print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data files")
    parser.add_argument("--languages", default=",".join(LANGUAGES), help="such as fre,vie")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--records", type=Path, default=RECORDS, help="file of what was predicted")
    parser.add_argument("--choose", action="store_true", help="compare hyperparameters instead")
    parser.add_argument("--speed", action="store_true", help="measure seconds instead")
    parser.add_argument("--rounds", type=int, default=3, help="of --speed")
    options = parser.parse_args()
    languages = options.languages.split(",")
    with threadpool_limits(1):
        if options.speed:
            of = [(language, cell) for language in languages for cell in ASKED_FOR]
            table = [speed(options.data, *each, options.rounds) for each in of]
            print_table(SPEED_HEADER, table)
            return

        changes = CHANGES if options.choose else ["as it is"]
        runs = list(product(range(options.seeds), languages, changes))
        parts = ["dev"] if options.choose else ["dev", "test"]
        records = list(complete(options.records, options.data, runs, parts))
    kinds = [f"{who}, beam {size}" for who in ("one model", "vote") for size in BEAMS]
    if options.choose:
        print_table(["change", *kinds, "CPU seconds"], list(choices(records, options.data)))
        return
    header = ["WER % (PER %)", *kinds, "LSTM of the task", "CPU seconds"]
    table = list(rows(records, options.data))
    print_table(header, table)
    if languages == list(LANGUAGES):
        RESULTS.write_text(markdown(header, table), encoding="utf-8")


if __name__ == "__main__":
    main()
