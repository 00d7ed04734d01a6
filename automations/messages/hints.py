"""What to write instead of what other languages and products have."""

HINTS = {
    "write": "write {write}",
    "write-or": "write {write} or {second}",
    "hint-trigger": "what the trigger gave is `event`, and the run's data is `data`",
    "hint-data": "the run's data is `data`",
    "hint-payload": "the run's data is `data`, and a trigger's event `event`",
    "hint-body": "an answer's body is `steps.<id>.output.body`",
    "hint-step-before": (
        "what an earlier step gave is `steps.<id>.output`, and the run's data is `data`"
    ),
    "hint-steps": "earlier steps are `steps.<id>`",
    "hint-variables": "variables are `vars.<name>`",
    "hint-user": "the end user's id is `run.userId`",
    "hint-environment": (
        "there are no environment variables in expressions: give the value in `data`"
    ),
    "hint-secrets": "a secret belongs into a connection, not into an expression",
    "hint-list": "a list is written `[1, 2]`",
    "hint-nan": "compare with a number, or give one by `default(x, 0)`",
    "hint-item-or-name": (
        "inside a loop the item is `item`; inside `map` and `filter` it has the name you give"
    ),
    "hint-item": "inside a loop the item is `item`",
    "hint-no-objects": (
        "there are no objects to make: write the value, or call the function without `new`"
    ),
    "hint-concat": "write `a + b`, of texts or of lists",
    "hint-contains": "write `text.contains(part)`, and of a list `item in list`",
    "hint-append": "write `list + [item]`: values do not change, a new list is made",
    "hint-remove": (
        "write `list.slice(0, -1)` or `list.filter(x, …)`: values do not change, a new list is made"
    ),
    "hint-each": "write `list.map(x, …)`, or a for-each step",
    "hint-reduce": "write `list.sum()`, or a for-each step with `carry`",
    "hint-format": (
        'write `fixed(number, 2)`, `time.format(moment, "d MMMM yyyy")`, or text with `{{ }}` in it'
    ),
    "hint-random": "there is no chance in expressions, so that a run can be repeated",
    "hint-print": "the result of an expression is its value: nothing can be printed",
    "hint-size": "write `size({owner})` for how many there are",
    "hint-other-product": (
        "another product's way to read a step: what a step gave is `steps.<id>.output`"
    ),
    "hint-dollar-other": (
        "`$` is another product's: what an earlier step gave is `steps.<id>.output`, and the run's "
        "data is `data`"
    ),
    "hint-dollar": (
        "no name begins with `$`: what an earlier step gave is `steps.<id>.output`, and the run's "
        "data is `data`"
    ),
    "hint-without-dollar": "write {write} without `$`",
    "hint-interpolation": (
        "`${…}` belongs to other languages: write `+` between texts, or `{{ }}` in a value"
    ),
    "hint-no-braces": "write it without braces: this field is an expression as a whole",
    "hint-no-blocks": "there are no `{% %}` blocks: use a condition or a loop step",
    "hint-two-braces": "write two braces at each side, `{{ … }}`, and not three",
    "hint-comment": "a comment is written `// …`, to the end of its line",
    "hint-backtick": 'text stands in quotes, `"…"`, and `+` puts values into it',
    "hint-compare": "write {write} to compare",
    "hint-not-equal": "write `!=` for “not equal”",
    "hint-arrow": (
        "write `list.map(x, …)` or `list.filter(x, …)`: the name stands before the comma"
    ),
    "hint-default": "write `default(x, y)` for “y where x is null”",
    "hint-optional": ("write `x.?y` and not `x?.y`: then `.orValue(z)` gives z where y is missing"),
    "hint-is-null": "write `== null`, or `has(x.y)`",
    "hint-and": "write `&&` for “and”",
    "hint-or": "write `||` for “or”",
    "hint-not": "write `!` for “not”",
    "hint-for": "write `list.map(x, …)` or `list.filter(x, …)`, or use a for-each step",
    "hint-new": "there is no `new`: write `timestamp(text)` or `now()` for a date",
    "hint-set": "an expression sets nothing: use a set step, and read `vars.<name>`",
    "hint-return": "leave `return` out: the value of the expression is its result",
    "hint-no-filters": "there are no filters: write a function, such as `x.upper()`",
    "hint-ampersand": "write `&&` for “and”, and `+` to put texts together",
    "hint-increment": "an expression changes nothing: use a set step with `vars.total + 1`",
    "hint-spread": "write `a + b` for lists and `a.merge(b)` for maps",
    "hint-semicolon": "an expression is one value: leave out `;`",
    "hint-quotes": "write straight quotes, `\"` or `'`",
    "hint-each-field": ("the field of each item is `list.map(x, x.field)`, of one `list[0].field`"),
    "hint-index": "an item of a list is written `list[0]`",
    "hint-word-as-name": ('a name that is a word of the language is read like this: `steps["in"]`'),
    "hint-comments": "there are no comments with `#`: write `//`",
    "hint-character": "leave out this character",
    "hint-unclosed-text": "a text is not closed: its quote stands at both ends",
}
