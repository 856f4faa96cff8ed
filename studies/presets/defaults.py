"""What raters read in a study that is begun without a published design."""

CONSENT = """\
You will read short texts with words highlighted, and say which of two descriptions fits them \
better. It is for research into how well such descriptions are written.

Your answers and the time you take are stored without your name. You may stop at any time by \
closing the page; what you have answered until then is kept."""

INSTRUCTIONS = """\
Each page shows a few excerpts. The stronger the mark on a word, the more strongly one unit of a \
language model responded to it.

Below them are two descriptions of what the unit responds to. Choose the one that fits the \
excerpts better. If neither is better, choose the tie. Nothing hints at who wrote them."""
