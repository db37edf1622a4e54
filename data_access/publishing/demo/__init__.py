"""Synthetic inputs for demonstrations: public statistics and license records that look like real ones, from a seed.

Sizes of products and origins follow the figures of 2024 (`*_2024.csv`, rounded, with their source); everything else is
invented. All files carry the demonstration mark.
"""

from data_access.publishing.demo.write import write_demo

__all__ = ["write_demo"]
