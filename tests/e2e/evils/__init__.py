"""What a hostile upstream server does with one question: a table of evils, each a list of steps for hostile_upstream.py.

An evil is chosen by the first label of the name asked, without the number at its end: "wrong-id-7.example" is wrong_id.
Every other first label gets the truth. True answers lead to TRUE, everything a forger would plant leads to POISON.
"""
from evils import datagrams, measures, plants, records, streams
from evils.asked import BLOCKED, EVILS, POISON, TRUE, VICTIM, Asked, Close, From, Raw, Reset, Wait


def first_label(name):
    """The evil that a name asks for, or None."""
    label = name.partition(".")[0].lower()
    # Some evils end with a number themselves: "records-250" and "records-250-1" are the same.
    return next((name for name in (label, label.rpartition("-")[0]) if name in EVILS), None)


def of(module):
    """The names of its evils."""
    return [name for name, function in EVILS.items() if function.__module__ == module.__name__]
