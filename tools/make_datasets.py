"""Converts the published data files to the compressed ones in ``skrnn/datasets/data``.

Usage: ``python tools/make_datasets.py FOLDER``, where the folder holds ``pollution.csv``,
``JapaneseVowels_TRAIN.ts``, ``JapaneseVowels_TEST.ts`` and ``tinyshakespeare.txt``.

Every line of a shipped table is one column: its name, a unit, and the differences between
successive values, all integers. Their running sum divided by the unit gives back the very floats
that the published text denotes, in 498 KB instead of the 723 KB of the text, compressed.
"""

import csv
import gzip
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count, pairwise
from pathlib import Path

DATA = Path(__file__).parents[1] / "skrnn" / "datasets" / "data"
N_CHARACTERS = 99_000  # of Shakespeare, at most


def read_pollution(path):
    """The columns of the Beijing data; -1 for a missing PM2.5, a code for the wind direction."""
    with path.open(encoding="utf-8", newline="") as lines:
        _, *rows = csv.reader(lines)
    # The time is not shipped: the loader rebuilds it from the number of hours.
    for hours, row in enumerate(rows):
        time = datetime(*map(int, row[1:5]))
        if time != datetime(2010, 1, 1) + timedelta(hours=hours):
            raise ValueError(f"row {hours + 1} of {path.name} is not the next hour: {time}")

    names = ["pm25", "dew_point", "temperature", "pressure"]
    names += ["wind_direction", "wind_speed", "snow_hours", "rain_hours"]
    columns = dict(zip(names, zip(*(row[5:] for row in rows), strict=True), strict=True))
    columns["pm25"] = ["-1" if text == "NA" else text for text in columns["pm25"]]
    directions = sorted(set(columns["wind_direction"]))
    columns["wind_direction"] = [directions.index(text) for text in columns["wind_direction"]]
    return columns


def read_vowels(train, test):
    """The columns of both vowel files: utterance after utterance, one value per step."""
    names = ["utterance", "is_train", "speaker", *(f"lpc_{order}" for order in range(1, 13))]
    numbers = count()
    rows = []
    for path in (train, test):
        for line in path.read_text(encoding="utf-8").split("@data")[1].split():
            *channels, speaker = line.split(":")
            about = next(numbers), path == train, int(speaker) - 1
            steps = zip(*(channel.split(",") for channel in channels), strict=True)
            rows += [(*about, *step) for step in steps]
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def read_shakespeare(path):
    """The first speeches, with an empty line between any two."""
    speeches, _, _ = path.read_text(encoding="ascii")[:N_CHARACTERS].rpartition("\n\n")
    return speeches + "\n"


def as_text(columns):
    """Columns, a dict of exact numbers or their text, as the lines of a shipped table."""
    lines = []
    for column, texts in columns.items():
        values = [Decimal(text).normalize() for text in texts]
        unit = 10 ** max(0, *(-value.as_tuple().exponent for value in values))
        scaled = [int(value * unit) for value in values]
        steps = (after - before for before, after in pairwise([0, *scaled]))
        lines.append(",".join(map(str, [column, unit, *steps])) + "\n")
    return "".join(lines)


def write(name, text):
    """Write a text to a compressed file of the package."""
    # No file name and no time in the header: the same data give the same bytes.
    with (DATA / name).open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(text.encode("ascii"))


if __name__ == "__main__":
    raw = Path(sys.argv[1])
    vowels = read_vowels(raw / "JapaneseVowels_TRAIN.ts", raw / "JapaneseVowels_TEST.ts")
    write("beijing_pm25.csv.gz", as_text(read_pollution(raw / "pollution.csv")))
    write("japanese_vowels.csv.gz", as_text(vowels))
    write("shakespeare.txt.gz", read_shakespeare(raw / "tinyshakespeare.txt"))
