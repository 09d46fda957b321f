"""Checks, in the reader's own AWS account, what no test of this project can see: docs/RELIABILITY.md, "never seen by us".

    __main__.py       arguments, and the order of it all: tell, ask, deploy, do, watch, report, remove
    costs.py          what it will do and what that costs, with the arithmetic
    run.py            one run: its names, its account, what was done and what has been seen so far
    stack.py          sam build, sam deploy, the stack's resources
    actions.py        what is done to buckets, topics and queues, and when
    logfiles.py       CloudTrail's log files: reading them, and writing one of our own
    mask.py           takes out of a record what identifies the account and people
    verdict.py        PASS, FAIL, NOT SEEN, not yet; the list of checks
    on_*.py           the checks, one a function, by what they look at
    watch.py          asks each check again until it has decided or time is up
    remove.py         takes away what a run made, found by the run's name

Run it with make verify-aws. A check decides from what was seen, by itself: it needs no order and no other check's verdict.
"""
