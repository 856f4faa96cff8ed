"""What raters are asked, and in which order: pairs, excerpts, counterbalancing, size. Pure.

Every draw comes from one stored seed, and nothing that a rater could see (position of an item, the
option listed first, option keys) depends on what stands behind an option.
"""
