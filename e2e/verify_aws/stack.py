"""sam build, sam deploy, the stack's resources."""

import os
import pathlib
import subprocess
import sys

import tomlkit

ROOT = pathlib.Path(__file__).resolve().parents[2]


def parameters(run):
    given = {"Namespace": run.namespace, "MultiRegionTrail": "false", "LogRetentionDays": "1", "LogFileRetentionDays": "1"}
    if not run.whole_account:
        given |= {"TrailBuckets": run.bucket, "ManagementEvents": "none"}
    return given


def capabilities():
    """Those that a user's deployment has, neither more nor fewer."""
    deploy = tomlkit.parse((ROOT / "samconfig.toml").read_text())["default"]["deploy"]["parameters"]
    given = deploy.get("capabilities", [])
    return given.split() if isinstance(given, str) else [str(c) for c in given]


def deploy(run, out, profile=None, execute=subprocess.run):
    """Builds and deploys the stack as a user does, save that its package goes to the test bucket."""
    sam = pathlib.Path(sys.executable).with_name("sam")
    sam = str(sam) if sam.exists() else "sam"
    built, config = out / "sam", out / "samconfig.toml"
    config.write_text("version = 0.1\n")  # the project's own names another stack and another bucket
    # sam build runs make: not with the flags of the make that runs this.
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    environment |= {"SAM_CLI_TELEMETRY": "0"} | ({"AWS_PROFILE": profile} if profile else {})
    common = ["--region", run.region, "--config-file", str(config)]
    for command in (
        [sam, "build", "--template-file", str(ROOT / "template.yaml"), "--build-dir", str(built), *common],
        [sam, "deploy", "--template-file", str(built / "template.yaml"), "--stack-name", run.stack,
         "--s3-bucket", run.bucket, "--s3-prefix", "package", "--no-confirm-changeset", "--no-progressbar", *common,
         "--capabilities", *capabilities(),
         "--parameter-overrides", *(f"{name}={value}" for name, value in parameters(run).items())],
    ):
        execute(command, check=True, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL)


def look(run):
    """Reads the stack's status, parameters, outputs and, with those of nested stacks, resources."""
    described = run.aws("cloudformation").describe_stacks(StackName=run.stack)["Stacks"][0]
    run.outputs = {o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])}
    run.parameters = {p["ParameterKey"]: p.get("ParameterValue", "") for p in described.get("Parameters", [])}
    run.namespace = run.parameters.get("Namespace", run.namespace)
    run.resources = dict(resources(run.aws, run.stack))
    return described["StackStatus"]


def resources(aws, stack):
    for r in aws.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack):
        found = r["LogicalResourceId"], (r["ResourceType"], r.get("PhysicalResourceId", ""))
        yield found
        if found[1][0] == "AWS::CloudFormation::Stack" and found[1][1]:
            yield from resources(aws, found[1][1])
