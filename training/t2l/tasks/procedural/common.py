"""Steps that every domain has: reordering, selecting by place, and joining."""

from t2l.tasks.procedural.operation import Operation

JOINS = {
    ",": ("(commas|a comma)", "comma"),
    "-": ("(dashes|hyphens|a dash)", "dash"),
    "+": ("(plus signs|a plus)", "plus sign"),
    "/": ("(slashes|a slash)", "slash"),
    "_": ("(underscores|an underscore)", "underscore"),
    ".": ("(dots|periods|a dot)", "dot"),
    ":": ("(colons|a colon)", "colon"),
    "=": ("(equals signs|an equals sign)", "equals sign"),
}


def order_operations() -> list[Operation]:
    """Steps that reorder the items."""
    return [
        Operation("reverse", "order", lambda v: v[::-1]),
        Operation("sort", "order", lambda v: tuple(sorted(v))),
        Operation("sort_descending", "order", lambda v: tuple(sorted(v, reverse=True))),
        Operation("rotate_left", "order", lambda v: v[1:] + v[:1]),
        Operation("rotate_right", "order", lambda v: v[-1:] + v[:-1]),
        Operation("swap_ends", "order", lambda v: v[-1:] + v[1:-1] + v[:1]),
        Operation("swap_first_two", "order", lambda v: (v[1], v[0], *v[2:])),
    ]


def select_operations() -> list[Operation]:
    """Steps that keep some items by their place."""
    return [
        Operation("first", "select", lambda v: v[:1]),
        Operation("last", "select", lambda v: v[-1:]),
        Operation("second", "select", lambda v: v[1:2]),
        Operation("drop_first", "select", lambda v: v[1:]),
        Operation("drop_last", "select", lambda v: v[:-1]),
        Operation("first_two", "select", lambda v: v[:2]),
        Operation("last_two", "select", lambda v: v[-2:]),
        Operation("ends", "select", lambda v: (v[0], v[-1])),
    ]


def join_operations(strings: bool) -> list[Operation]:
    """Steps that change what is written between the items.

    :param strings: whether items are written without spaces at first, so that a space is news.
    """
    rows = [
        Operation(
            f"join:{symbol}",
            "join",
            lambda v: v,
            separator=symbol,
            key="join",
            slots={"many": many, "one": one},
            parameter=symbol,
        )
        for symbol, (many, one) in JOINS.items()
    ]
    if strings:
        return [*rows, Operation("join:space", "join", lambda v: v, separator=" ")]
    return [*rows, Operation("join:nothing", "join", lambda v: v, separator="")]
