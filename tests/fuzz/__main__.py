"""Runs cases in processes of their own, so that a crash is seen and its seed is known."""

import argparse
import os
import subprocess
import sys
import traceback
from collections import Counter

from tests.fuzz.subjects import run

# Cases of a process; another one follows.
N_CASES = 500


def run_cases(seeds):
    """Print each seed before it runs, and what was wrong with it."""
    for seed in seeds:
        print(f"seed {seed}", flush=True)
        try:
            run(seed)
        except BaseException as error:
            frame = traceback.extract_tb(error.__traceback__)
            where = next(f for f in frame[::-1] if "fuzz" in f.filename)
            said = " ".join(str(error).split())[:400]
            print(f"wrong {type(error).__name__} in {where.name}: {said}", flush=True)


def watch(first, last):
    """Run the cases in a process, and another one after each crash: yields (seed, what)."""
    while first < last:
        command = [sys.executable, "-X", "faulthandler", "-m", "tests.fuzz", "--cases"]
        command += [str(first), str(min(first + N_CASES, last))]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        seed = first - 1
        for line in process.stdout:
            what, _, rest = line.rstrip("\n").partition(" ")
            if what == "seed":
                seed = int(rest)
            elif what == "wrong":
                yield seed, rest
        if process.wait() != 0:
            yield seed, f"crash: the process ended with {process.returncode}"
        first = seed + 1


def main():
    """Run as many cases as asked for, and print the seeds of those that are wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("n_cases", type=int, nargs="?", default=20_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="run this case alone, in this process")
    parser.add_argument("--cases", type=int, nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.seed is not None:
        run(arguments.seed)
        return 0
    if arguments.cases:
        run_cases(range(*arguments.cases))
        sys.stdout.flush()
        os._exit(0)  # what happens while the interpreter ends is no part of a case
    kinds = Counter()
    for seed, what in watch(arguments.first, arguments.first + arguments.n_cases):
        print(f"seed {seed}: {what}", flush=True)
        kinds["crash" if what.startswith("crash") else "wrong"] += 1
    print(f"{arguments.n_cases} cases: {kinds['crash']} crashes, {kinds['wrong']} wrong answers")
    return bool(kinds)


if __name__ == "__main__":
    sys.exit(main())
