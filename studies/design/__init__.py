"""What raters are asked, and in which order: pairs, excerpts, counterbalancing, size.

No database access. All randomness comes from one stored seed, and nothing that a rater could see
(position of an item, the option listed first, option keys) depends on what an option represents.
"""
