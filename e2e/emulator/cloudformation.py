"""The CloudFormation API, as far as SAM, the console's user and nested stacks need it.

AWS's behaviour: a change set of a stack that doesn't exist makes one in REVIEW_IN_PROGRESS; a creation that fails is
rolled back, with everything made so far deleted; Retain and RetainExceptOnCreate keep a resource when its stack is
deleted, and only Retain keeps it when a creation is rolled back; a change set without changes fails.
Ours: each operation is over when its call returns; an update that fails stays as it is (UPDATE_ROLLBACK_FAILED), since
undoing is not what is tested here; a changed resource is told from the resolved properties alone.
"""

import datetime
import random
import string
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlparse

from botocore.exceptions import ClientError, ParamValidationError
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.s3.models import s3_backends

from . import resources
from .intrinsics import NO_VALUE, Unresolved, as_text
from .template import Invalid, Template, properties


class ValidationError(ServiceException):
    code = "ValidationError"


class ChangeSetNotFound(ServiceException):
    code = "ChangeSetNotFound"


class AlreadyExists(ServiceException):
    code = "AlreadyExistsException"


class InsufficientCapabilities(ServiceException):
    code = "InsufficientCapabilitiesException"


@dataclass
class Deployed:
    """One resource of a stack, as it stands."""

    type: str
    id: str
    properties: dict
    status: str = "CREATE_COMPLETE"


@dataclass
class Stack:
    name: str
    id: str
    region: str
    account: object
    tags: list = field(default_factory=list)
    status: str = "REVIEW_IN_PROGRESS"
    reason: str = ""
    template: Template | None = None
    resources: dict = field(default_factory=dict)  # logical id: Deployed
    outputs: list = field(default_factory=list)
    events: list = field(default_factory=list)  # the newest first
    change_sets: dict = field(default_factory=dict)
    created: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.timezone.utc))

    def event(self, logical, physical, type_, status, reason=""):
        self.events.insert(
            0,
            {
                "StackId": self.id,
                "StackName": self.name,
                "EventId": str(uuid.uuid4()),
                "LogicalResourceId": logical,
                "PhysicalResourceId": physical,
                "ResourceType": type_,
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
                "Timestamp": datetime.datetime.now(datetime.timezone.utc),
            },
        )

    def become(self, status, reason=""):
        self.status, self.reason = status, reason
        self.event(self.name, self.id, "AWS::CloudFormation::Stack", status, reason)

    def pseudo(self):
        return {
            "AWS::AccountId": self.account.id,
            "AWS::Region": self.region,
            "AWS::StackName": self.name,
            "AWS::StackId": self.id,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NotificationARNs": [],
        }

    def resolver(self, template):
        def ref(name):
            if name not in self.resources:
                raise Unresolved(f"{name} does not exist")
            return self.resources[name].id

        def attribute(name, attribute):
            found = self.resources[name] if name in self.resources else ref(name)
            values = TYPES[found.type](self.account).attributes(found.id, found.properties)
            if attribute not in values:
                raise Unresolved(f"{found.type} has no attribute {attribute}")
            return values[attribute]

        return template.resolver(ref, attribute)

    def changes(self, template):
        """(action, logical id, type), for a change set."""
        out = [("Remove", n, r.type) for n, r in self.resources.items() if n not in template.resources]
        resolve = self.resolver(template)
        for name in template.order:
            type_ = template.resources[name]["Type"]
            if type_ not in TYPES:
                raise Invalid(f"Template format error: Unrecognized resource types: [{type_}]")
            if name not in self.resources:
                out.append(("Add", name, type_))
                continue
            try:
                same = properties(template, name, resolve) == self.resources[name].properties
            except Unresolved:  # it needs a resource that is to be added
                same = False
            if not same:
                out.append(("Modify", name, type_))
        return out

    def deploy(self, template):
        creating = not self.resources
        word = "CREATE" if creating else "UPDATE"
        self.become(f"{word}_IN_PROGRESS", "User Initiated")
        try:
            obsolete = self._put_all(template)
            self.outputs = self._outputs(template)
        except Failed as error:
            if creating:
                self.become(
                    "ROLLBACK_IN_PROGRESS",
                    f"The following resource(s) failed to create: [{error.name}]. Rollback requested by user.",
                )
                self._delete_all(keep=("Retain",), template=template)
                self.become("ROLLBACK_COMPLETE", str(error))
            else:
                self.become("UPDATE_ROLLBACK_FAILED", str(error))
            return
        self.template = template
        for name, old in obsolete:  # AWS: what is replaced or no longer wanted goes last
            self._delete(name, old, "UpdateReplacePolicy", keep=("Retain",))
        self.become(f"{word}_COMPLETE")

    def _put_all(self, template):
        obsolete = []
        for name in template.order:
            type_ = template.resources[name]["Type"]
            kind = TYPES[type_](self.account)
            now = self.resources.get(name)
            verb = "UPDATE" if now else "CREATE"
            try:
                wanted = properties(template, name, self.resolver(template))
                if now and wanted == now.properties:
                    continue
                self.event(name, now.id if now else "", type_, f"{verb}_IN_PROGRESS")
                replaced = now and any(wanted.get(p) != now.properties.get(p) for p in kind.immutable)
                old = None if replaced or not now else (now.id, now.properties)
                physical = kind.put(physical_name(self.name, name), wanted, old)
            except (
                resources.Refused,
                Unresolved,
                ClientError,
                ParamValidationError,
                KeyError,
                TypeError,
                ValueError,
            ) as error:
                reason = f"{type(error).__name__}: {error}"
                self.event(name, "", type_, f"{verb}_FAILED", reason)
                raise Failed(name, reason) from error
            if replaced:
                obsolete.append((name, now))
            self.resources[name] = Deployed(type_, physical, wanted, f"{verb}_COMPLETE")
            self.event(name, physical, type_, f"{verb}_COMPLETE")
        for name in [n for n in self.resources if n not in template.resources]:
            obsolete.append((name, self.resources.pop(name)))
        return obsolete

    def _outputs(self, template):
        resolve, out = self.resolver(template), []
        for name, output in template.outputs.items():
            try:
                value = resolve(output["Value"])
            except Unresolved as error:
                raise Failed(f"output {name}", str(error)) from error
            if value is not NO_VALUE:
                out.append(
                    {"OutputKey": name, "OutputValue": as_text(value), "Description": output.get("Description", "")}
                )
        return out

    def delete(self):
        self.become("DELETE_IN_PROGRESS", "User Initiated")
        try:
            self._delete_all(keep=("Retain", "RetainExceptOnCreate"), template=self.template)
        except Failed as error:
            self.become("DELETE_FAILED", str(error))
            return
        self.become("DELETE_COMPLETE")

    def _delete_all(self, keep, template):
        for name in reversed(template.order if template else []):
            if name in self.resources:
                self._delete(name, self.resources.pop(name), "DeletionPolicy", keep, template)

    def _delete(self, name, deployed, policy, keep, template=None):
        declared = (template or self.template).resources.get(name, {})
        if declared.get(policy, "Delete") in keep:
            self.event(name, deployed.id, deployed.type, "DELETE_SKIPPED")
            return
        self.event(name, deployed.id, deployed.type, "DELETE_IN_PROGRESS")
        try:
            TYPES[deployed.type](self.account).delete(deployed.id, deployed.properties)
        except ClientError as error:
            self.event(name, deployed.id, deployed.type, "DELETE_FAILED", str(error))
            raise Failed(name, str(error)) from error
        self.event(name, deployed.id, deployed.type, "DELETE_COMPLETE")


class Failed(Exception):
    def __init__(self, name, reason):
        super().__init__(f"{name}: {reason}")
        self.name = name


def physical_name(stack, logical):
    return f"{stack}-{logical}-" + "".join(random.choices(string.ascii_letters + string.digits, k=12))


TYPES = resources.types()


class Stacks(dict):
    """The account's stacks by id, deleted ones too."""

    def find(self, name_or_id):
        if name_or_id in self:
            return self[name_or_id]
        for stack in self.values():
            if stack.name == name_or_id and stack.status != "DELETE_COMPLETE":
                return stack
        raise ValidationError(f"Stack with id {name_or_id} does not exist")


class CloudFormation(BaseResponse):
    """The API's actions, in the shape that moto's dispatcher wants."""

    stacks = Stacks()
    account = None  # set by the server

    def __init__(self):
        super().__init__(service_name="cloudformation")
        self.automated_parameter_parsing = True

    # What a request carries.

    def _body(self):
        if body := self._get_param("TemplateBody"):
            return body
        url = self._get_param("TemplateURL")
        bucket, _, key = urlparse(url).path.lstrip("/").partition("/")
        return s3_backends[self.account.id]["aws"].get_object(bucket, key).value.decode()

    def _template(self, stack, use_previous=False):
        before = stack.template.parameters if stack.template else {}
        given = {
            p["ParameterKey"]: before[p["ParameterKey"]] if p.get("UsePreviousValue") else p.get("ParameterValue", "")
            for p in self._get_param("Parameters") or []
        }
        given = {k: ",".join(v) if isinstance(v, list) else v for k, v in given.items()}
        body = stack.template.body if use_previous else self._body()
        try:
            template = Template(body, given, stack.pseudo())
            stack.changes(template)
        except (Invalid, Unresolved) as error:
            raise ValidationError(str(error)) from None
        has_roles = any(r["Type"].startswith("AWS::IAM::") for r in template.resources.values())
        if has_roles and not {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"} & set(self._get_param("Capabilities") or []):
            raise InsufficientCapabilities("Requires capabilities : [CAPABILITY_IAM]")
        return template

    def _new_stack(self):
        name = self._get_param("StackName")
        # AWS: a UUID of version 1, a clock and a machine; the first group is the clock's fastest part.
        id_ = f"arn:aws:cloudformation:{self.region}:{self.account.id}:stack/{name}/{uuid.uuid1()}"
        return Stack(name, id_, self.region, self.account, self._get_param("Tags") or [])

    def _stack(self):
        return self.stacks.find(self._get_param("StackName"))

    def _change_set(self):
        wanted = self._get_param("ChangeSetName")
        for stack in self.stacks.values():
            for change_set in stack.change_sets.values():
                if wanted == change_set["ChangeSetId"] or (
                    wanted == change_set["ChangeSetName"] and self._get_param("StackName") in (stack.name, stack.id)
                ):
                    return stack, change_set
        raise ChangeSetNotFound(f"ChangeSet [{wanted}] does not exist")

    # Actions.

    def create_change_set(self):
        if self._get_param("ChangeSetType") == "CREATE":
            try:
                stack = self._stack()
                if stack.status != "REVIEW_IN_PROGRESS":
                    raise ValidationError(f"Stack [{stack.name}] already exists")
            except ValidationError as error:
                if "does not exist" not in str(error):
                    raise
                stack = self._new_stack()
        else:
            stack = self._stack()
        template = self._template(stack)
        if stack.id not in self.stacks:
            self.stacks[stack.id] = stack
            stack.become("REVIEW_IN_PROGRESS")
        changes = stack.changes(template)
        outputs_differ = stack.template is not None and stack.template.outputs != template.outputs
        same = not changes and not outputs_differ
        name = self._get_param("ChangeSetName")
        change_set = {
            "ChangeSetName": name,
            "ChangeSetId": f"arn:aws:cloudformation:{self.region}:{self.account.id}:changeSet/{name}/{uuid.uuid4()}",
            "StackId": stack.id,
            "StackName": stack.name,
            "Status": "FAILED" if same else "CREATE_COMPLETE",
            "ExecutionStatus": "UNAVAILABLE" if same else "AVAILABLE",
            "StatusReason": "The submitted information didn't contain changes." if same else "",
            "Changes": [
                {
                    "Type": "Resource",
                    "ResourceChange": {
                        "Action": a,
                        "LogicalResourceId": n,
                        "ResourceType": t,
                        "Replacement": "Conditional" if a == "Modify" else None,
                    },
                }
                for a, n, t in changes
            ],
            "template": template,
        }
        stack.change_sets[change_set["ChangeSetId"]] = change_set
        return ActionResult({"Id": change_set["ChangeSetId"], "StackId": stack.id})

    def describe_change_set(self):
        return ActionResult({k: v for k, v in self._change_set()[1].items() if k != "template"})

    def list_change_sets(self):
        sets = self._stack().change_sets.values()
        return ActionResult(
            {"Summaries": [{k: v for k, v in c.items() if k not in ("template", "Changes")} for c in sets]}
        )

    def delete_change_set(self):
        stack, change_set = self._change_set()
        del stack.change_sets[change_set["ChangeSetId"]]
        return EmptyResult()

    def execute_change_set(self):
        stack, change_set = self._change_set()
        stack.deploy(change_set["template"])
        change_set["ExecutionStatus"] = "EXECUTE_COMPLETE"
        return EmptyResult()

    def create_stack(self):
        stack = self._new_stack()
        if any(s.name == stack.name and s.status != "DELETE_COMPLETE" for s in self.stacks.values()):
            raise AlreadyExists(f"Stack [{stack.name}] already exists")
        template = self._template(stack)
        self.stacks[stack.id] = stack
        stack.deploy(template)
        return ActionResult({"StackId": stack.id})

    def update_stack(self):
        stack = self._stack()
        template = self._template(stack, use_previous=self._get_param("UsePreviousTemplate"))
        if not stack.changes(template) and stack.template.outputs == template.outputs:
            raise ValidationError("No updates are to be performed.")
        stack.deploy(template)
        return ActionResult({"StackId": stack.id})

    def delete_stack(self):
        try:
            self._stack().delete()
        except ValidationError:
            pass  # AWS: deleting what doesn't exist succeeds
        return EmptyResult()

    def describe_stacks(self):
        name = self._get_param("StackName")
        found = [self.stacks.find(name)] if name else [s for s in self.stacks.values() if s.status != "DELETE_COMPLETE"]
        return ActionResult(
            {
                "Stacks": [
                    {
                        "StackId": s.id,
                        "StackName": s.name,
                        "StackStatus": s.status,
                        "StackStatusReason": s.reason,
                        "CreationTime": s.created,
                        "Tags": s.tags,
                        "Outputs": s.outputs,
                        "EnableTerminationProtection": False,
                        "Parameters": [
                            {"ParameterKey": k, "ParameterValue": as_text(v)}
                            for k, v in (s.template.parameters if s.template else {}).items()
                        ],
                    }
                    for s in found
                ]
            }
        )

    def list_stacks(self):
        wanted = self._get_param("StackStatusFilter")
        return ActionResult(
            {
                "StackSummaries": [
                    {"StackId": s.id, "StackName": s.name, "StackStatus": s.status, "CreationTime": s.created}
                    for s in self.stacks.values()
                    if not wanted or s.status in wanted
                ]
            }
        )

    def describe_stack_events(self):
        return ActionResult({"StackEvents": list(self._stack().events)})

    def describe_stack_resource(self):
        s, name = self._stack(), self._get_param("LogicalResourceId")
        if name not in s.resources:
            raise ValidationError(f"Resource {name} does not exist for stack {s.name}")
        r = s.resources[name]
        return ActionResult(
            {
                "StackResourceDetail": {
                    "StackName": s.name,
                    "StackId": s.id,
                    "LogicalResourceId": name,
                    "PhysicalResourceId": r.id,
                    "ResourceType": r.type,
                    "ResourceStatus": r.status,
                    "LastUpdatedTimestamp": s.created,
                }
            }
        )

    def list_stack_resources(self):
        s = self._stack()
        return ActionResult(
            {
                "StackResourceSummaries": [
                    {
                        "LogicalResourceId": n,
                        "PhysicalResourceId": r.id,
                        "ResourceType": r.type,
                        "ResourceStatus": r.status,
                        "LastUpdatedTimestamp": s.created,
                    }
                    for n, r in s.resources.items()
                ]
            }
        )

    def get_template(self):
        # sam delete wants S3's own addresses of what it uploaded, and sam deploy wrote this server's: _body takes
        # either.
        body = self._stack().template.body.replace(f"{self.account.url}/", f"https://s3.{self.region}.amazonaws.com/")
        return ActionResult({"TemplateBody": body, "StagesAvailable": ["Original"]})

    def get_template_summary(self):
        stack = self._stack()
        declared = stack.template.document.get("Parameters", {})
        return ActionResult(
            {"Parameters": [{"ParameterKey": k, "ParameterType": p["Type"]} for k, p in declared.items()]}
        )
