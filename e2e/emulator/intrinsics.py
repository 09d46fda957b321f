"""CloudFormation's intrinsic functions, resolved strictly: what cannot be resolved is an error."""

import re

NO_VALUE = object()  # AWS::NoValue: the property is as if it were not written


class Unresolved(Exception):
    pass


class Resolver:
    """Turns a template's nodes into values.

    lookup(name) gives a parameter's, pseudo parameter's or resource's Ref; attribute(name, attribute) a resource's
    GetAtt.
    """

    def __init__(self, lookup, attribute, conditions=None, mappings=None):
        self.lookup, self.attribute = lookup, attribute
        self.conditions, self.mappings = conditions or {}, mappings or {}

    def __call__(self, node):
        if isinstance(node, list):
            return [v for v in map(self, node) if v is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name in FUNCTIONS:
                return FUNCTIONS[name](self, argument)
            if name.startswith("Fn::"):
                raise Unresolved(f"the emulator does not know {name}")
        resolved = {k: self(v) for k, v in node.items()}
        return {k: v for k, v in resolved.items() if v is not NO_VALUE}

    def condition(self, name):
        if name not in self.conditions:
            raise Unresolved(f"no condition is called {name}")
        return self(self.conditions[name])

    def ref(self, name):
        return NO_VALUE if name == "AWS::NoValue" else self.lookup(name)

    def get_att(self, argument):
        name, _, attribute = argument.partition(".") if isinstance(argument, str) else (argument[0], ".", argument[1])
        return self.attribute(name, attribute)

    def sub(self, argument):
        text, local = (argument, {}) if isinstance(argument, str) else (argument[0], self(argument[1]))

        def value(match):
            name = match.group(1)
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in local:
                return as_text(local[name])
            return as_text(self.get_att(name) if "." in name else self.ref(name))

        return re.sub(r"\$\{([^}]*)\}", value, text)

    def choose(self, argument):
        name, then, otherwise = argument
        return self(then if self.condition(name) else otherwise)

    def select(self, argument):
        values = self(argument[1])
        return values[int(self(argument[0]))]

    def join(self, argument):
        return argument[0].join(as_text(v) for v in self(argument[1]))

    def split(self, argument):
        return self(argument[1]).split(argument[0])

    def find_in_map(self, argument):
        first, top, second = self(argument)
        return self(self.mappings[first][top][second])


def as_text(value):
    """How CloudFormation writes a value into a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(as_text, value))
    return str(value)


FUNCTIONS = {
    "Ref": Resolver.ref,
    "Condition": Resolver.condition,
    "Fn::GetAtt": Resolver.get_att,
    "Fn::Sub": Resolver.sub,
    "Fn::If": Resolver.choose,
    "Fn::Select": Resolver.select,
    "Fn::Join": Resolver.join,
    "Fn::Split": Resolver.split,
    "Fn::FindInMap": Resolver.find_in_map,
    "Fn::Equals": lambda r, a: as_text(r(a[0])) == as_text(r(a[1])),
    "Fn::Not": lambda r, a: not r(a[0]),
    "Fn::And": lambda r, a: all(map(r, a)),
    "Fn::Or": lambda r, a: any(map(r, a)),
    "Fn::Contains": lambda r, a: as_text(r(a[1])) in map(as_text, r(a[0])),  # in Rules alone
}
