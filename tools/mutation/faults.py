"""Mutants of a module: its syntax tree with one small fault in it.

Sentences are left alone, and so are annotations, docstrings, decorators and asserts: what is changed is what the
program decides by. Tables and plans at module level are changed like everything else.
"""

import ast
import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

Enums = Mapping[str, Sequence[str]]

COMPARISONS: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATIONS: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Add,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any"}
OPTIONAL = frozenset({"replace", "Step", "Plan"})
"""Calls of which any argument may be left out, and the program still runs."""

BLOCKS = ("body", "orelse", "finalbody")
UNTOUCHED = (ast.Assert, ast.Import, ast.ImportFrom, ast.JoinedStr, ast.Global, ast.Nonlocal)
NOT_CODE = frozenset({"annotation", "returns", "decorator_list", "bases", "keywords of a class", "type_params"})


class Edit(NamedTuple):
    """What makes a fault, and the line of what it takes away; None: that of the node it is made in."""

    make: Callable[[], None]
    line: int | None = None


class Mutant(NamedTuple):
    """One fault: the *variant*-th edit of the *place*-th node; `was` and `now` are the code around it."""

    place: int
    variant: int
    line: int
    was: str
    now: str


def mutants(source: str, enums: Enums) -> Iterator[Mutant]:
    """Yield every mutant of *source*, in the order of the text."""
    for place, (node, top) in enumerate(_nodes(ast.parse(source), top=True)):
        for variant in range(len(_edits(node, enums, top=top))):
            changed = copy.deepcopy(node)
            edit = _edits(changed, enums, top=top)[variant]
            edit.make()
            was, now = ast.unparse(node), ast.unparse(changed)
            if now != was:
                yield Mutant(place, variant, edit.line or node.lineno, *_differing(was, now))


def mutated(source: str, mutant: Mutant, enums: Enums) -> ast.Module:
    """Return the tree of *source* with *mutant* in it."""
    tree = ast.parse(source)
    node, top = next(found for number, found in enumerate(_nodes(tree, top=True)) if number == mutant.place)
    _edits(node, enums, top=top)[mutant.variant].make()
    return ast.fix_missing_locations(tree)


def enums_of(sources: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the members of every enum that is defined in *sources*."""
    classes = [node for source in sources for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    return {
        one.name: tuple(
            target.id
            for line in one.body
            if isinstance(line, ast.Assign)
            for target in line.targets
            if isinstance(target, ast.Name)
        )
        for one in classes
        if any(isinstance(base, ast.Name) and base.id.endswith("Enum") for base in one.bases)
    }


def _differing(was: str, now: str) -> tuple[str, str]:
    """Return the lines of each that the other does not have."""
    before, after = was.splitlines(), now.splitlines()
    left, right = (
        [line.strip() for line in one if line not in other] for one, other in ((before, after), (after, before))
    )
    return " ".join(left), " ".join(right)


def _nodes(node: ast.AST, *, top: bool) -> Iterator[tuple[ast.expr | ast.stmt, bool]]:
    """Yield all code below *node*, and whether it is at module level."""
    for name, value in ast.iter_fields(node):
        if name in NOT_CODE or (isinstance(node, ast.ClassDef) and name == "keywords"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, UNTOUCHED) or _is_docstring(child):
                continue
            inner = top and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if isinstance(child, ast.expr | ast.stmt):
                yield child, inner
            yield from _nodes(child, top=inner)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _edits(node: ast.AST, enums: Enums, *, top: bool) -> list[Edit]:
    return [
        *_of_expression(node, enums, top=top),
        *_of_constant(node),
        *_of_condition(node),
        *_of_case(node),
        *_of_collection(node, top=top),
        *_lost(node),
    ]


def _of_expression(node: ast.AST, enums: Enums, *, top: bool) -> Iterator[Edit]:
    match node:
        case ast.Compare(ops=[op]) if type(op) in COMPARISONS:
            yield _setting(node, "ops", [COMPARISONS[type(op)]()])
        case ast.BinOp(op=op, left=left, right=right) if type(op) in OPERATIONS and not _is_text(left, right):
            union_of_types = top and isinstance(op, ast.BitOr)
            yield from () if union_of_types else (_setting(node, "op", OPERATIONS[type(op)]()),)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield _setting(node, "operand", ast.UnaryOp(ast.Not(), operand))
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if attr in enums.get(name, ()):
            members = enums[name]
            yield _setting(node, "attr", members[(members.index(attr) + 1) % len(members)])
        case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS:
            yield _setting(node.func, "id", FUNCTIONS[name])


def _of_constant(node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.Constant(value=bool(value)):
            yield _setting(node, "value", not value)
        case ast.Constant(value=int(value)):
            yield _setting(node, "value", value + 1)
        case ast.Constant(value=str(value)) if value and " " not in value:
            yield _setting(node, "value", f"{value}-mutated")


def _is_text(*sides: ast.expr) -> bool:
    return any(isinstance(side, ast.JoinedStr) or isinstance(getattr(side, "value", None), str) for side in sides)


def _of_condition(node: ast.AST) -> Iterator[Edit]:
    """Yield what makes a condition hold always, and never."""
    match node:
        case ast.If() | ast.IfExp() | ast.While():
            always = () if isinstance(node, ast.While) else (True,)
            yield from (_setting(node, "test", ast.Constant(value)) for value in (*always, False))
        case ast.BoolOp(op=op, values=values):
            for place in range(len(values)):
                yield _putting(values, place, ast.Constant(isinstance(op, ast.And)))
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            for one in node.generators:
                yield from (_putting(one.ifs, place, ast.Constant(True)) for place in range(len(one.ifs)))


def _of_case(node: ast.AST) -> Iterator[Edit]:
    """Yield what makes a case match without its guard, and never."""
    for case in node.cases if isinstance(node, ast.Match) else ():
        if case.guard is not None:
            yield _setting(case, "guard", ast.Constant(True))
        yield _setting(case, "guard", ast.Constant(False))


def _of_collection(node: ast.AST, *, top: bool) -> Iterator[Edit]:
    """Yield what leaves an entry out of a table, or an optional argument out of a call."""
    match node:
        case ast.Dict(keys=keys, values=values) if top:
            for place in range(len(keys)):
                yield _dropping(place, keys, values)
        case ast.Set(elts=elts) | ast.Tuple(elts=elts) if top and not all(isinstance(e, ast.Constant) for e in elts):
            yield from (_dropping(place, elts) for place in range(len(elts)) if len(elts) > 1)
        case ast.Call(func=ast.Name(id=name), keywords=keywords) if name in OPTIONAL:
            yield from (_dropping(place, keywords) for place in range(len(keywords)))


def _lost(node: ast.AST) -> Iterator[Edit]:
    """Yield what loses a statement that raises, or calls something for its effect."""
    for block in BLOCKS:
        found = getattr(node, block, None)
        lines: list[ast.stmt] = found if isinstance(found, list) else []
        alone = isinstance(node, ast.If) and len(lines) == 1  # the same as a condition that never holds
        for place, line in enumerate(() if alone else lines):
            if isinstance(line, ast.Raise | ast.Continue | ast.Break) or _acts(line):
                yield _putting(lines, place, ast.Pass())


def _acts(line: ast.AST) -> bool:
    return isinstance(line, ast.Expr) and not isinstance(line.value, ast.Constant)


def _setting(node: ast.AST, field: str, value: object) -> Edit:
    return Edit(lambda: setattr(node, field, value))


def _putting(things: list[ast.expr] | list[ast.stmt], place: int, thing: ast.AST) -> Edit:
    return Edit(lambda: things.__setitem__(place, thing), things[place].lineno)  # type: ignore[call-overload]


def _dropping(place: int, *lists: list[ast.expr | None] | list[ast.expr] | list[ast.keyword]) -> Edit:
    def drop() -> None:
        for one in lists:
            del one[place]

    return Edit(drop)
