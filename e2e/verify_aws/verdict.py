"""What a check says. A check is a function of the run that returns one of these; the decorator puts it on the list."""

from dataclasses import dataclass

PASS, FAIL, NOT_SEEN = "PASS", "FAIL", "NOT SEEN"


@dataclass(frozen=True)
class Verdict:
    text: str  # what was seen
    status: str | None = None  # None: not yet
    overdue: str = NOT_SEEN  # what "not yet" becomes when time is up

    def at_last(self):
        return self if self.status else Verdict(self.text, self.overdue)


def passed(text):
    return Verdict(text, PASS)


def failed(text):
    return Verdict(text, FAIL)


def not_seen(text):
    """Cannot be seen in this run, however long one waits."""
    return Verdict(text, NOT_SEEN)


def waiting(text):
    """Not yet; if it never comes, that proves nothing against the project."""
    return Verdict(text)


def wrong_so_far(text):
    """Not yet; if it stays so, it is a failure."""
    return Verdict(text, overdue=FAIL)


CHECKS = {}  # name -> function, in the order of the report


def check(function):
    """Puts a check on the list. Its name in reports and in docs/RELIABILITY.md is the function's, with hyphens."""
    CHECKS[function.__name__.replace("_", "-")] = function
    return function
