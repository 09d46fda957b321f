"""A template and its parameters, ready to be deployed."""

import json
import re
from graphlib import CycleError, TopologicalSorter

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from .intrinsics import NO_VALUE, Resolver, Unresolved


class Invalid(Exception):
    """CloudFormation's ValidationError."""


class NoManagedPolicies:
    """SAM looks managed policies up in IAM when a function has no role of its own."""

    def load(self):
        raise Invalid("a function without a role of its own is not known to the emulator")


def parse(body):
    """The document, with SAM's types turned into CloudFormation's by AWS's own translator."""
    document = yaml_parse(body)
    transforms = document.pop("Transform", [])
    for name in [transforms] if isinstance(transforms, str) else transforms:
        if name != "AWS::Serverless-2016-10-31":
            raise Invalid(f"the emulator does not know the transform {name}")
        document = transform(document, {}, NoManagedPolicies())
        document.pop("Transform", None)
    return json.loads(json.dumps(document))  # plain dictionaries, dates refused


class Template:
    """What is left when parameters, rules and conditions have been applied."""

    def __init__(self, body, parameters, pseudo):
        self.body = body
        self.document = parse(body)
        self.parameters = self._parameters(parameters)
        self.pseudo = pseudo  # AWS::Region and so on
        self.conditions = self.document.get("Conditions", {})
        self._check_rules()
        before = self.resolver(self._no_resource, self._no_attribute)
        self.resources = {
            name: resource
            for name, resource in self.document["Resources"].items()
            if "Condition" not in resource or before.condition(resource["Condition"])
        }
        self.outputs = {
            name: output
            for name, output in self.document.get("Outputs", {}).items()
            if "Condition" not in output or before.condition(output["Condition"])
        }
        self.order = self._order()

    def resolver(self, ref, attribute):
        def lookup(name):
            if name in self.parameters:
                return self.parameters[name]
            return self.pseudo[name] if name in self.pseudo else ref(name)

        return Resolver(lookup, attribute, self.conditions, self.document.get("Mappings"))

    @staticmethod
    def _no_resource(name):
        raise Invalid(f"Unresolved resource dependencies [{name}] in the template")

    @staticmethod
    def _no_attribute(name, attribute):
        raise Invalid(f"Unresolved resource dependencies [{name}.{attribute}] in the template")

    def _parameters(self, given):
        declared = self.document.get("Parameters", {})
        if unknown := set(given) - set(declared):
            raise Invalid(f"Parameters: {sorted(unknown)} do not exist in the template")
        values = {}
        for name, parameter in declared.items():
            value = given.get(name, parameter.get("Default"))
            if value is None:
                raise Invalid(f"Parameters: [{name}] must have values")
            values[name] = check_parameter(name, parameter, value)
        return values

    def _check_rules(self):
        resolve = self.resolver(self._no_resource, self._no_attribute)
        for rule in self.document.get("Rules", {}).values():
            if "RuleCondition" in rule and not resolve(rule["RuleCondition"]):
                continue
            for assertion in rule["Assertions"]:
                if not resolve(assertion["Assert"]):
                    raise Invalid("Template error: " + assertion.get("AssertDescription", json.dumps(assertion)))

    def _order(self):
        """Resources after those that they need. CloudFormation refuses a circle, and so does this."""
        graph = {}
        for name, resource in self.resources.items():
            needs = resource.get("DependsOn", [])
            needs = {needs} if isinstance(needs, str) else set(needs)
            graph[name] = {n for n in needs | self._mentioned(resource.get("Properties", {})) if n in self.resources}
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as circle:
            raise Invalid(f"Circular dependency between resources: {circle.args[1]}") from None

    def _mentioned(self, node):
        """Names of the resources that resolving a node asks for: found by resolving it, so that an Fn::If's other side
        counts not."""
        found = set()

        def ref(name):
            if name not in self.document["Resources"]:
                self._no_resource(name)
            if name not in self.resources:
                raise Invalid(f"{name} is referred to, but its condition is not met")
            found.add(name)
            return Text(name)

        resolve = self.resolver(ref, lambda name, attribute: ref(name))
        try:
            resolve(node)
        except Unresolved as error:
            raise Invalid(str(error)) from None
        return found


class Text(str):
    """Stands for a value that is not known yet: any part of it is itself."""

    def split(self, *_):
        return Parts(self)


class Parts(list):
    def __init__(self, text):
        super().__init__([text])

    def __getitem__(self, _):
        return super().__getitem__(0)


def check_parameter(name, parameter, value):
    """The value as its type wants it. The words of a refusal are those that CloudFormation uses."""
    kind = parameter["Type"]
    if kind not in ("String", "Number", "CommaDelimitedList"):
        raise Invalid(f"the emulator does not know the parameter type {kind}")
    text = str(value)
    # A pattern and the allowed values of a list hold for each of its items.
    items = [v.strip() for v in text.split(",")] if kind == "CommaDelimitedList" else [text]

    def refuse(rule):
        detail = parameter.get("ConstraintDescription", rule)
        raise Invalid(
            f"Parameter '{name}' failed to satisfy constraint: {detail}"
            if "ConstraintDescription" not in parameter
            else f"Parameter {name} failed to satisfy constraint: {detail}"
        )

    if kind == "Number" and not re.fullmatch(r"-?\d+(\.\d+)?", text):
        raise Invalid(f"Parameter '{name}' must be a number")
    for item in items:
        if "AllowedValues" in parameter and item not in map(str, parameter["AllowedValues"]):
            refuse(f"Parameter {name} must be one of {parameter['AllowedValues']}")
        if "AllowedPattern" in parameter and not re.fullmatch(parameter["AllowedPattern"], item):
            refuse(f"Parameter {name} failed to satisfy pattern {parameter['AllowedPattern']}")
        if not int(parameter.get("MinLength", 0)) <= len(item) <= int(parameter.get("MaxLength", 4096)):
            refuse(f"Parameter {name} has the wrong length")
    if kind == "Number" and not float(parameter.get("MinValue", "-inf")) <= float(text) <= float(
        parameter.get("MaxValue", "inf")
    ):
        refuse(f"Parameter {name} is out of bounds")
    return items if kind == "CommaDelimitedList" else text


def properties(template, name, resolver):
    """A resource's properties, resolved."""
    resolved = resolver(template.resources[name].get("Properties", {}))
    if resolved is NO_VALUE:
        return {}
    return resolved


def preview(body, parameters, pseudo):
    """What a deployment with these parameters would ask for, without one: {logical id: properties}.

    A Ref gives the other resource's logical id, a GetAtt that and the attribute.
    """
    template = Template(body, parameters, pseudo)
    resolve = template.resolver(lambda name: name, lambda name, attribute: f"{name}.{attribute}")
    return {name: properties(template, name, resolve) for name in template.order}
