"""Intrinsic functions. What cannot be resolved is an error that says where it stands."""

import base64
import ipaddress
import re
from typing import Any, Protocol

NO_VALUE = object()
SUB_VARIABLE = re.compile(r'\$\{(!?)([^}]+)\}')


class TemplateError(Exception):
    """What in a template cannot be. `located` says that the message tells where."""

    def __init__(self, message: str, located: bool = True):
        super().__init__(message)
        self.located = located


class Scope(Protocol):
    """What references are resolved against."""

    region: str

    def ref(self, name: str) -> Any: ...
    def attribute(self, logical_id: str, name: str) -> Any: ...
    def mapping(self, name: str, top: str, second: str) -> Any: ...
    def condition(self, name: str) -> bool: ...
    def imported(self, name: str) -> str: ...
    def zones(self, region: str) -> list[str]: ...


def function_of(value: Any) -> tuple[str, Any] | None:
    """The name and the argument, if a value is an intrinsic function."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, argument),) = value.items()
        if name == 'Ref' or name == 'Condition' or name.startswith('Fn::'):
            return name, argument
    return None


def references(value: Any) -> set[str]:
    """The names that a value refers to, of resources and of parameters."""
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    match function_of(value):
        case 'Ref', str(name):
            return {name}
        case 'Fn::GetAtt', target:
            return {split_attribute(target)[0]}
        case 'Fn::Sub', argument:
            text, own = argument if isinstance(argument, list) else (argument, {})
            names = {name for escaped, name in SUB_VARIABLE.findall(text) if not escaped and name not in own}
            return {name.split('.')[0] for name in names} | references(own)
    return set().union(*map(references, value.values()))


def split_attribute(target: Any) -> tuple[str, str]:
    if isinstance(target, str):
        target = target.split('.', 1)
    if not isinstance(target, list) or len(target) != 2:
        raise TemplateError(f'Fn::GetAtt takes a resource and an attribute, not {target!r}', located=False)
    return target[0], target[1]


class Evaluator:
    def __init__(self, scope: Scope):
        self.scope = scope

    def value(self, value: Any, where: str) -> Any:
        """The value with its functions replaced by what they give. `where` is for the errors."""
        if isinstance(value, list):
            items = [self.value(item, f'{where}.{index}') for index, item in enumerate(value)]
            return [item for item in items if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        call = function_of(value)
        if call is None:
            members = {name: self.value(member, f'{where}.{name}') for name, member in value.items()}
            return {name: member for name, member in members.items() if member is not NO_VALUE}
        name, argument = call
        function = FUNCTIONS.get(name)
        if function is None:
            raise TemplateError(f'{where}: the emulator does not know the function {name}')
        try:
            return function(self, argument, where)
        except TemplateError as error:
            raise error if error.located else TemplateError(f'{where}: {error}') from None
        except (TypeError, ValueError, IndexError, KeyError) as error:
            raise TemplateError(f'{where}: {name} cannot take {argument!r} ({error})') from None

    def text(self, value: Any, where: str) -> str:
        return as_text(self.value(value, where), where)

    def _ref(self, name: Any, where: str) -> Any:
        return NO_VALUE if name == 'AWS::NoValue' else self.scope.ref(name)

    def _attribute(self, target: Any, where: str) -> Any:
        logical_id, name = split_attribute(target)
        return self.scope.attribute(logical_id, self.value(name, where))

    def _join(self, argument: Any, where: str) -> str:
        separator, items = argument
        return separator.join(as_text(item, where) for item in self._list(items, where))

    def _sub(self, argument: Any, where: str) -> str:
        text, own = argument if isinstance(argument, list) else (argument, {})

        def replace(match: re.Match[str]) -> str:
            escaped, name = match.groups()
            if escaped:
                return f'${{{name}}}'
            if name in own:
                return self.text(own[name], where)
            reference = {'Fn::GetAtt': name} if '.' in name else {'Ref': name}
            return self.text(reference, where)

        return SUB_VARIABLE.sub(replace, text)

    def _select(self, argument: Any, where: str) -> Any:
        index, items = argument
        chosen, among = int(self.value(index, where)), self._list(items, where)
        if not 0 <= chosen < len(among):
            raise TemplateError(f'Fn::Select has no item {chosen}: there are {len(among)}', located=False)
        return among[chosen]

    def _split(self, argument: Any, where: str) -> list[str]:
        separator, text = argument
        return self.text(text, where).split(separator)

    def _find_in_map(self, argument: Any, where: str) -> Any:
        name, top, second = (self.value(part, where) for part in argument)
        return self.scope.mapping(name, top, second)

    def _zones(self, region: Any, where: str) -> list[str]:
        return self.scope.zones(self.value(region, where) or self.scope.region)

    def _cidr(self, argument: Any, where: str) -> list[str]:
        block, count, bits = self.value(argument, where)
        network = ipaddress.ip_network(block)
        subnets = network.subnets(new_prefix=network.max_prefixlen - int(bits))
        return [str(next(subnets)) for _ in range(int(count))]

    def _if(self, argument: Any, where: str) -> Any:
        name, then, otherwise = argument
        return self.value(then if self.scope.condition(name) else otherwise, where)

    def _list(self, items: Any, where: str) -> list[Any]:
        value = self.value(items, where)
        if not isinstance(value, list):
            raise TemplateError(f'a list is needed, not {type(value).__name__}', located=False)
        return value

    def _contains(self, argument: Any, where: str) -> bool:
        items, item = argument
        return self.value(item, where) in self._list(items, where)


def as_text(value: Any, where: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise TemplateError(f'{where}: a text is needed, not {type(value).__name__}')


FUNCTIONS = {
    'Ref': Evaluator._ref,
    'Condition': lambda evaluator, name, where: evaluator.scope.condition(name),
    'Fn::GetAtt': Evaluator._attribute,
    'Fn::Join': Evaluator._join,
    'Fn::Sub': Evaluator._sub,
    'Fn::Select': Evaluator._select,
    'Fn::Split': Evaluator._split,
    'Fn::FindInMap': Evaluator._find_in_map,
    'Fn::GetAZs': Evaluator._zones,
    'Fn::Cidr': Evaluator._cidr,
    'Fn::If': Evaluator._if,
    'Fn::ImportValue': lambda evaluator, name, where: evaluator.scope.imported(evaluator.text(name, where)),
    'Fn::Base64': lambda evaluator, text, where: base64.b64encode(evaluator.text(text, where).encode()).decode(),
    'Fn::Equals': lambda evaluator, pair, where: evaluator.text(pair[0], where) == evaluator.text(pair[1], where),
    'Fn::Not': lambda evaluator, one, where: not evaluator.value(one[0], where),
    'Fn::And': lambda evaluator, all_of, where: all([evaluator.value(one, where) for one in all_of]),
    'Fn::Or': lambda evaluator, any_of, where: any([evaluator.value(one, where) for one in any_of]),
    'Fn::Contains': Evaluator._contains,
}
