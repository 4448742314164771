"""A long table: one label for each sequence, or for each row
==========================================================

A long table of many sequences: one label for each of them, or one for each row.

Nine men say vowels. The table has a row for each frame of a recording: which utterance it belongs
to, its place in time, and 12 coefficients. Who speaks?

- One label per utterance: ``from_long`` makes a sequence of each, ``GRUClassifier`` reads them.
- One label per row: ``SlidingWindow(group=..., time=...)`` in a ``Pipeline`` gives each row the
  last frames of its own utterance, so that it is labelled while the man still speaks. Rows of one
  utterance are alike, so ``StratifiedGroupKFold`` keeps them together when ``GridSearchCV``
  chooses the window.

Both learn from the training utterances, and are compared on the others after each frame. What is
trained on rows knows nine of ten after the first frame already; what is trained on whole utterances
needs about 11 frames for that. At the end they differ by two utterances of 370. Run it with
``python examples/panel.py``: it prints the accuracies, and draws ``panel.png`` beside this script.
"""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import GRUClassifier, PerStep, SlidingWindow, from_long
from skrnn.datasets import load_japanese_vowels

ID, TIME = "utterance", "step"
PNG = Path(__file__).with_suffix(".png")


def load():
    """The tables of the training and of the test utterances, and the speaker of each utterance."""
    vowels = load_japanese_vowels(as_frame=True)
    # One after the other in time, as they would come if all men spoke at once.
    table = vowels.data.reset_index().sort_values([TIME, ID], ignore_index=True)
    is_train = vowels.is_train[table[ID]]
    return table[is_train], table[~is_train], vowels.target


def make_classifier(**parameters):
    """A scaler of the coefficients and a GRU, for sequences of any length."""
    return make_pipeline(PerStep(StandardScaler()), GRUClassifier(32, random_state=0, **parameters))


def fit_utterances(table, speaker):
    """One label per utterance."""
    X, ids = from_long(table, id=ID, time=TIME)
    return make_classifier().fit(X, speaker.loc[ids])


def search_rows(table, speaker, windows):
    """One label per row, with the best of several windows."""
    model = make_pipeline(SlidingWindow(1, group=ID, time=TIME), make_classifier(max_iter=20))
    search = GridSearchCV(model, {"slidingwindow__window": windows}, cv=StratifiedGroupKFold(3))
    return search.fit(table, speaker.loc[table[ID]], groups=table[ID])


def by_frame(table, speaker, predicted):
    """The accuracy after each number of frames; utterances that have ended keep their label."""
    is_right = pd.Series(predicted == speaker.loc[table[ID]].to_numpy())
    after = is_right.set_axis(pd.MultiIndex.from_frame(table[[ID, TIME]])).unstack(TIME)
    return after.astype(float).ffill(axis=1).mean().rename(lambda step: step + 1)


def compare(whole, search, table, speaker):
    """The accuracy of both models on test utterances, after each number of frames."""
    # All frames so far: a window as long as the longest utterance.
    so_far = SlidingWindow(table[TIME].max() + 1, group=ID, time=TIME).fit_transform(table)
    return pd.DataFrame(
        {
            "rows": by_frame(table, speaker, search.predict(table)),
            "utterances": by_frame(table, speaker, whole.predict(so_far)),
        }
    )


def draw(search, accuracy, whole_score):
    """Accuracy against frames heard, and the windows in cross-validation."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    heard, cv = figure.subplots(1, 2, width_ratios=[2, 1])
    heard.axhline(whole_score, c="C7", ls="--", label="Model of utterances, all frames")
    label = "Model of utterances, frames so far"
    heard.plot(accuracy["utterances"], c="C1", marker=".", label=label)
    label = f"Model of rows, the last {search.best_params_['slidingwindow__window']} frames"
    heard.plot(accuracy["rows"], c="C0", marker=".", lw=2, label=label)
    heard.set(xlabel="Frames heard (6.4 ms each)", ylabel="Accuracy on test utterances")
    heard.set(title="Who speaks?", ylim=(0, 1.02))
    heard.legend(frameon=False, loc="lower right")

    results = search.cv_results_
    names = results["param_slidingwindow__window"].astype(str)
    cv.errorbar(names, results["mean_test_score"], results["std_test_score"], fmt="o", c="C0")
    cv.set(xlabel="Window (frames)", ylabel="Accuracy on rows, mean ± std of 3 folds")
    cv.set(title="Windows in cross-validation", xmargin=0.1)
    figure.savefig(PNG, dpi=120)


def main():
    """Fit both to the training utterances, compare on the others, report."""
    train, test, speaker = load()
    whole = fit_utterances(train, speaker)
    X_test, ids = from_long(test, id=ID, time=TIME)
    whole_score = whole.score(X_test, speaker.loc[ids])
    search = search_rows(train, speaker, [1, 3, 6, 12, 24])
    accuracy = compare(whole, search, test, speaker)
    draw(search, accuracy, whole_score)
    print(f"Accuracy on {len(ids)} test utterances as a whole: {whole_score:.3f}")
    score = search.score(test, speaker.loc[test[ID]])
    print(f"Accuracy on their {len(test)} rows with {search.best_params_}: {score:.3f}")
    print("\nAfter so many frames, labelled by the model of rows and by that of utterances:\n")
    print(accuracy.loc[[1, 2, 4, 8, 16, len(accuracy)]].round(3).to_string())
    print(f"\nThe figure is in {PNG}")


if __name__ == "__main__":
    main()
