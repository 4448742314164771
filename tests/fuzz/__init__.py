"""Random cases for every public name: ``python -m tests.fuzz 20000``, see ``make fuzz``.

A seed is a case. ``python -m tests.fuzz --seed 123`` runs a single one, in this process.
"""
