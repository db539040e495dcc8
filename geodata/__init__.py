"""What the department knows and how it is stored: layers, rules, import, export. No web."""

import gc

#: New objects after which the youngest are looked through for circles. Python's 700 is for scripts: loading the program makes
#: hundreds of thousands that stay, a fifth of a start was looking through them, and a request makes thousands.
YOUNG = 20_000
#: Collections of one age after which the next one is looked through as well.
OLDER = 20

gc.set_threshold(YOUNG, OLDER, OLDER)
