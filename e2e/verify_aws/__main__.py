"""Arguments, and the order of it all: tell, ask, deploy, do, watch, report, remove.

Exit code: 0 if no check failed, 1 if one did or something is left behind, 2 if nothing was begun, 130 after Ctrl-C.
"""

import argparse
import pathlib
import signal
import subprocess
import sys
import textwrap
import time

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from . import actions, costs, mask, remove, stack
from . import on_stack, on_trail, on_lines, on_alarms, on_detection, on_failures  # each puts its checks on the list, in this order
from .run import PREFIX, Clients, Run, new_name
from .verdict import CHECKS, FAIL, NOT_SEEN, PASS, Verdict
from .watch import watch


class Say:
    """Prints lines with the time; a progress line is overwritten on a terminal, and told every two minutes elsewhere."""

    def __init__(self, out=None, clock=time.time):
        self.out, self.clock, self.told, self.width = out or sys.stdout, clock, 0, 0

    def __call__(self, text):
        self._clear()
        print(f"{time.strftime('%H:%M:%S', time.localtime(self.clock()))} {text}", file=self.out, flush=True)

    def progress(self, text):
        if self.out.isatty():
            self._clear()
            self.width = len(text[:99])
            print(text[:99], end="\r", file=self.out, flush=True)
        elif self.clock() - self.told >= 120:
            self.told = self.clock()
            self(text)

    def _clear(self):
        if self.width:
            print(" " * self.width, end="\r", file=self.out)
            self.width = 0


def arguments(argv):
    p = argparse.ArgumentParser(prog="make verify-aws ARGS=...", description="Checks in your own AWS account what no test of "
                                "this project can see (docs/RELIABILITY.md). It tells what it costs, and asks, first.")
    p.add_argument("--yes", action="store_true", help="do not ask")
    p.add_argument("--stack", help="look at this stack instead of deploying one; its alarms will go off")
    p.add_argument("--whole-account", action="store_true", help="record all buckets of the Region, as the default deployment does")
    p.add_argument("--wait", type=int, default=25, metavar="MINUTES", help="how long to wait for CloudTrail (25)")
    p.add_argument("--keep", action="store_true", help="remove nothing")
    p.add_argument("--remove", metavar="NAME", help=f"only remove what an earlier run ({PREFIX}...) left")
    p.add_argument("--profile", help="AWS profile")
    p.add_argument("--region", help="AWS Region")
    p.add_argument("--out", type=pathlib.Path, default=stack.ROOT / "build" / "verify-aws", help="folder of the reports")
    return p.parse_args(argv)


def main(argv=None, say=None, ask=input, deploy=stack.deploy, steps=actions.steps, checks=CHECKS, watch=watch):
    options, say = arguments(argv), say or Say()
    try:
        aws = Clients(boto3.Session(profile_name=options.profile, region_name=options.region))
        if not aws.region:
            return refuse("no Region: give --region, or set AWS_REGION")
        me = aws("sts").get_caller_identity()
        run = begin(options, aws, me)
    except (BotoCoreError, ClientError, ValueError) as error:
        return refuse(error)
    if options.remove:
        return 1 if clean(run, say)[0] else 0
    print(costs.text(run, options.wait, options.keep), end="\n\n", flush=True)
    if not options.yes and not agreed(ask):
        return refuse("nothing was done")

    verdicts, code = {}, 1
    out = options.out / run.name
    out.mkdir(parents=True, exist_ok=True)
    try:
        actions.make_bucket(run)
        if run.own:
            say(f"deploying the stack {run.stack}")
            deploy(run, out, options.profile)
            stack.look(run)
        run.started = time.time()
        verdicts = watch(run, checks, steps(run), options.wait * 60, say)
        code = 0
    except KeyboardInterrupt:
        say("interrupted")
        code = 130
    except (subprocess.CalledProcessError, FileNotFoundError, BotoCoreError, ClientError) as error:
        say(f"{FAIL:8} {error}")
    finally:
        left, kept = ([], None) if options.keep else clean(run, say)
    if options.keep:
        say(f"kept, as asked for. Later: make verify-aws ARGS='--remove {run.name}'")
    elif run.own and verdicts:
        verdicts["kept-after-deletion"] = kept_verdict(kept)
    save_records(run, out, say)
    text = report(run, verdicts)
    (out / "report.txt").write_text(text)
    print("\n" + text + f"\nKept in {out}", flush=True)
    return code or (1 if left or any(v.status == FAIL for v in verdicts.values()) else 0)


def begin(options, aws, me):
    account, partition = me["Account"], me["Arn"].split(":")[1]
    if options.remove and not options.remove.startswith(PREFIX):
        raise ValueError(f"--remove: {options.remove} is not the name of a run: those begin with {PREFIX}")
    name = options.remove or new_name()
    run = Run(aws, account, partition, name, options.stack or name, not options.stack, options.whole_account)
    run.namespace = "BucketWatchVerify/" + name[len(PREFIX):]
    if options.stack:
        stack.look(run)
    return run


def agreed(ask):
    try:
        return ask("Go on? [y/N] ").strip().lower() in ("y", "yes")
    except (EOFError, KeyboardInterrupt):
        print("no answer; --yes does not ask")
        return False


def refuse(reason):
    print(f"verify-aws: {reason}", file=sys.stderr)
    return 2


def clean(run, say):
    """(what is left, what the stack kept). A second Ctrl-C leaves it at that, and says how to go on."""
    try:
        left, kept = remove.everything(run.aws, run.account, run.name, say)
    except KeyboardInterrupt:
        left, kept = ["all that was not removed before this interruption"], []
    if not run.own and run.at.keys() & {"late file", "broken file", "log bucket deletes"}:
        say(f"what this run put into {run.log_bucket} stays, and expires with the log files")
    for what in left:
        say(f"LEFT     {what}")
    say(f"to try again: make verify-aws ARGS='--remove {run.name}'" if left else "all that this run made is removed")
    return left, kept


def kept_verdict(kept):
    """RetainExceptOnCreate, and Retain at deletion: the evidence outlives the stack."""
    text = "kept by the deletion of the stack: " + (", ".join(kept) or "nothing")
    return Verdict(text, PASS if len(kept) >= 2 else FAIL)


def save_records(run, out, say):
    """The records of the test, masked, for the project's fixtures: most of all the per-key ones."""
    records = run.records(run.bucket, run.log_bucket)
    (out / "records.masked.json").write_text(mask.dumps(records))
    perkey = on_trail.of(records, "DeleteObject", on_trail.PER_KEY)
    (out / "per-key-records.masked.json").write_text(mask.dumps(perkey))
    if perkey:
        say(f"{len(perkey)} per-key delete records, masked, are in {out}. Look through them; the project would like to have them")


def report(run, verdicts):
    lines = [f"verify-aws {run.name}, Region {run.region}", ""]
    for name, verdict in sorted(verdicts.items(), key=lambda v: (FAIL, NOT_SEEN, PASS).index(v[1].status)):
        head = f"{verdict.status:8}  {name:24}  "
        lines += textwrap.wrap(verdict.text, 120, initial_indent=head, subsequent_indent=" " * len(head)) or [head]
    counts = {s: sum(v.status == s for v in verdicts.values()) for s in (PASS, FAIL, NOT_SEEN)}
    lines += ["", ", ".join(f"{n} {s}" for s, n in counts.items())]
    lines += [f"could not do: {name}: {why}" for name, why in run.troubles.items()]
    return mask.Mask().text("\n".join(lines)) + "\n"


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that it removes, as after Ctrl-C
    sys.exit(main())
