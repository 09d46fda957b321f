"""One class for each resource type that the templates use: which API calls make, change and remove it.

The calls go to this account's own APIs, so that a test sees with the AWS SDK what a user would see. A property that no
call takes is an error, and so is a value of the wrong type: botocore's models are the measure.
"""

import importlib
import json
import pkgutil


class Refused(Exception):
    """The service said no: the stack fails, with these words as the reason."""


class Resource:
    type = ""
    immutable = ()  # a change of one of these makes a new resource and removes the old one

    def __init__(self, account):
        self.account = account  # AWS account, Region, and client(service)

    def client(self, service):
        return self.account.client(service)

    def put(self, name, properties, old):
        """Makes the resource, or changes it when old (its id and its properties until now) is given. Returns its id.

        name is free to be used where the properties give none.
        """
        raise NotImplementedError

    def attributes(self, id_, properties):
        """What Fn::GetAtt may ask for."""
        return {}

    def delete(self, id_, properties):
        raise NotImplementedError


def call(client, operation, parameters):
    """An API call with a template's values: numbers and booleans may be texts there, and documents objects."""
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
    return getattr(client, operation)(**typed(parameters, model.input_shape, operation))


def typed(value, shape, where):
    kind = shape.type_name
    if kind == "structure":
        if unknown := set(value) - set(shape.members):
            raise Refused(f"{where} has no {', '.join(sorted(unknown))}")
        return {k: typed(v, shape.members[k], f"{where}.{k}") for k, v in value.items()}
    if kind == "list":
        return [typed(v, shape.member, where) for v in value]
    if kind == "map":
        return {k: typed(v, shape.value, f"{where}.{k}") for k, v in value.items()}
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("float", "double"):
        return float(value)
    if kind == "boolean":
        return boolean(value)
    if kind == "string":
        return text(value)
    return value


def boolean(value):
    return value if isinstance(value, bool) else {"true": True, "false": False}[value]


def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


def take(properties, *names):
    """Those properties; and, since the caller names all that it knows, what is left is an error."""
    if unknown := set(properties) - set(names):
        raise Refused(f"the emulator does not know the properties {', '.join(sorted(unknown))}")
    return [properties.get(n) for n in names]


def renamed(properties, names):
    return {names.get(k, k): v for k, v in properties.items()}


def types():
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return {cls.type: cls for cls in Resource.__subclasses__()}
