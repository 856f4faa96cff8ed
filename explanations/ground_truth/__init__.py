"""Functions whose true description is known: of texts, of numbers and of strings. Pure.

Built in the style of FIND (Schwettmann et al., 2023, "FIND: A Function Description Benchmark for
Evaluating Interpretability Methods"). docs/ground-truth.md says how they are made and what for.
"""
