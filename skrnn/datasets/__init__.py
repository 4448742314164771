"""Three small sequence datasets, with loaders like those of scikit-learn."""

from ._loaders import load_beijing_pm25, load_japanese_vowels, load_shakespeare

__all__ = ["load_beijing_pm25", "load_japanese_vowels", "load_shakespeare"]
