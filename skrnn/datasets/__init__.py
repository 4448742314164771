"""Two small sequence datasets, loaded as scikit-learn loads its own."""

from ._loaders import load_beijing_pm25, load_japanese_vowels

__all__ = ["load_beijing_pm25", "load_japanese_vowels"]
