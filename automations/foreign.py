"""What people write who know another language or product, and what to write here instead."""

from __future__ import annotations

import re

KEYWORDS = frozenset({"in", "true", "false", "null"})
"""Words that the expression language reads as something else wherever they stand."""
RESERVED_WORDS = KEYWORDS | frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"}
    | {"package", "namespace", "return", "var", "void", "while"}
)
"""Words that no name which stands bare can be: CEL keeps them for itself (its specification)."""

_NAMES = {
    **dict.fromkeys(("None", "nil", "undefined", "NULL", "Null", "none", "nothing"), "null"),
    **dict.fromkeys(("True", "TRUE", "yes"), "true"),
    **dict.fromkeys(("False", "FALSE", "no"), "false"),
}
_STEP_BEFORE = "what an earlier step gave is `steps.<id>.output`, and the run's data is `data`"
_OTHER_NAMES = {
    "trigger": "what the trigger gave is `event`, and the run's data is `data`",
    "input": "the run's data is `data`",
    "inputs": "the run's data is `data`",
    "payload": "the run's data is `data`, and a trigger's event `event`",
    "body": "an answer's body is `steps.<id>.output.body`",
    "output": _STEP_BEFORE,
    "step": "earlier steps are `steps.<id>`",
    "variables": "variables are `vars.<name>`",
    "var": "variables are `vars.<name>`",
    "user": "the end user's id is `run.userId`",
    "env": "there are no environment variables in expressions: give the value in `data`",
    "process": "there are no environment variables in expressions: give the value in `data`",
    "secrets": "a secret belongs into a connection, not into an expression",
    "Math": "write `round(x)`, `floor(x)`, `ceil(x)`, `abs(x)`, `[a, b].min()`",
    "JSON": "write `json.encode(x)` or `json.decode(text)`",
    "Object": "write `x.keys()`, `x.values()` or `x.entries()`",
    "Array": "a list is written `[1, 2]`",
    "Date": "write `now()` or `timestamp(text)`",
    "datetime": "write `now()` or `timestamp(text)`",
    "String": "write `string(x)`",
    "Number": "write `double(x)` or `int(x)`",
    "NaN": "compare with a number, or give one by `default(x, 0)`",
    "this": "inside a loop the item is `item`; inside `map` and `filter` it has the name you give",
    "it": "inside a loop the item is `item`; inside `map` and `filter` it has the name you give",
    "self": "inside a loop the item is `item`",
    "lambda": "write `list.map(x, …)` or `list.filter(x, …)`",
    "new": "there are no objects to make: write the value, or call the function without `new`",
    "typeof": "write `type(x) == string`",
}
_ADVICE = {
    "`size(x)`": "len length count Len LEN strlen",
    "`x.lower()`": "toLowerCase lowercase toLower LOWER downcase",
    "`x.upper()`": "toUpperCase uppercase toUpper UPPER upcase",
    "`a + b`, of texts or of lists": "concat CONCAT concatenate",
    "`int(x)`": "parseInt toInt integer Integer to_i",
    '`double(x)` or `number.parse(text, "de")`': (
        "parseFloat Number float toNumber to_f parseNumber"
    ),
    "`string(x)`": "str String toString text to_s TEXT",
    "`bool(x)`": "Boolean toBoolean boolean",
    "`size(x) == 0`": "isEmpty is_empty empty isBlank blank ISBLANK",
    "`size(x) > 0`": "isNotEmpty notEmpty",
    "`x == null`": "isNull isnull is_null isNone",
    "`has(x.y)`": "isDefined defined exist isset hasKey hasOwnProperty",
    "`default(x, y)`": "ifNull ifEmpty ifempty coalesce nvl COALESCE orElse fallback getOrDefault",
    "`condition ? a : b`": "iif IF ifElse ifelse iff when cond",
    "`a && b`": "and AND",
    "`!a`": "not NOT",
    "`a || b`": "OR",
    "`text.contains(part)`, and of a list `item in list`": (
        "includes include has_value hasItem inList"
    ),
    "`list + [item]`: values do not change, a new list is made": "push append add unshift prepend",
    "`list.slice(0, -1)` or `list.filter(x, …)`: values do not change, a new list is made": (
        "pop shift splice remove"
    ),
    "`list.filter(x, …).first()`": "find findFirst detect",
    "`list.indexOf(item)`": "findIndex",
    "`list.exists(x, …)`": "some any anyMatch",
    "`list.all(x, …)`": "every allMatch",
    "`list.map(x, …)`, or a for-each step": "forEach each foreach",
    "`list.sum()`, or a for-each step with `carry`": "reduce fold inject accumulate",
    "`list.filter(x, …)`": "where select grep",
    "`list.map(x, …).flatten()`": "flatMap flat",
    "`list.distinct()`": "uniq unique dedupe removeDuplicates",
    '`list.sortBy("column")` or `list.sort()`': "orderBy sort_by sorted",
    "`list.reverse()`": "reversed",
    "`list.avg()`": "average mean",
    '`fixed(x, 2)` or `number.format(x, "de")`': "toFixed formatNumber number_format",
    "`x.trim()`": "strip Trim TRIM chomp",
    "`x.substring(start, end)`": "substr mid MID left LEFT right RIGHT",
    "`x.capitalize()`": "title titleize toTitleCase ucfirst proper",
    "`x.replace(a, b)` or `x.regexReplace(pattern, b)`": "replaceAll gsub sub substitute",
    "`x.matches(pattern)` or `x.regexExtract(pattern)`": "match exec regexMatch",
    "`x.regexExtractAll(pattern)`": "matchAll findall scan",
    "`x.matches(pattern)`": "test isMatch like",
    '`fixed(number, 2)`, `time.format(moment, "d MMMM yyyy")`, or text with `{{ }}` in it': (
        "format sprintf printf interpolate"
    ),
    "`json.encode(x)`": "stringify toJson toJSON to_json jsonEncode dumps",
    "`json.decode(text)`": "parseJson parseJSON fromJson parse jsonParse loads JSONParse",
    "`url.encode(x)`": "encodeURIComponent urlencode encodeURI urlEncode",
    "`url.decode(x)`": "decodeURIComponent urldecode urlDecode",
    "`base64.encode(x)`": "btoa base64Encode toBase64",
    "`string(base64.decode(x))`": "atob base64Decode fromBase64",
    "`hash.md5(x)`": "md5",
    "`hash.sha1(x)`": "sha1",
    "`hash.sha256(x)`": "sha256 sha",
    '`hash.hmac("sha256", key, x)`': "hmac",
    "`now()`": "today Date getTime utcnow NOW currentDate",
    '`time.format(moment, "yyyy-MM-dd")`': "formatDate dateFormat strftime date toLocaleDateString",
    '`timestamp(text)` or `time.parse(text, "dd.MM.yyyy")`': (
        "parseDate strptime toDate DateTime moment"
    ),
    '`time.add(moment, 1, "days")`': "addDays dateAdd plusDays addHours addMinutes plus minus",
    '`time.diff(later, earlier, "days")`': "dateDiff diffDays daysBetween diff",
    "`string(moment)`": "toISOString isoformat toISO",
    "`a % b`": "mod modulo MOD",
    "`a == b`": "equals eq is",
    "`a != b`": "ne notEquals neq",
    "`a > b`": "gt greaterThan",
    "`a < b`": "lt lessThan",
    "`x.?y.orValue(z)` or `default(x.y, z)`": "get getValue dig at",
    "`list[0]`": "item nth elementAt",
    "`type(x) == list`, `string`, `int`, `double`, `bool`, `map`": (
        "isArray isString isNumber isinstance typeof"
    ),
    "`a.merge(b)`": "assign extend",
    "`a.mergeDeep(b)`": "deepMerge deepmerge merge_deep",
    "there is no chance in expressions, so that a run can be repeated": "random rand",
    "the result of an expression is its value: nothing can be printed": "print log console",
}
_FUNCTIONS = {name: advice for advice, names in _ADVICE.items() for name in names.split()}

_OPERATORS: tuple[tuple[str, str], ...] = (
    (r"\$\s*\(", "another product's way to read a step: what a step gave is `steps.<id>.output`"),
    (r"\$json\b|\$input\b|\$item\b", f"`$` is another product's: {_STEP_BEFORE}"),
    (r"\$node\b|\$items\b|\$prevNode\b", f"`$` is another product's: {_STEP_BEFORE}"),
    (r"\$now\b|\$today\b", "write `now()` without `$`"),
    (r"\$vars\b", "write `vars.<name>` without `$`"),
    (r"\$env\b", _OTHER_NAMES["env"]),
    (r"\$\{", "`${…}` belongs to other languages: write `+` between texts, or `{{ }}` in a value"),
    (r"\$", f"no name begins with `$`: {_STEP_BEFORE}"),
    (r"^\s*\{\{|\}\}\s*$", "write it without braces: this field is an expression as a whole"),
    (r"\{%|%\}", "there are no `{% %}` blocks: use a condition or a loop step"),
    (r"^\s*\{[^:]*$", "write two braces at each side, `{{ … }}`, and not three"),
    (r"/\*", "a comment is written `// …`, to the end of its line"),
    (r"`", 'text stands in quotes, `"…"`, and `+` puts values into it'),
    (r"===", "write `==` to compare"),
    (r"!==", "write `!=` to compare"),
    (r"<>|~=|\^=", "write `!=` for “not equal”"),
    (r"=>", "write `list.map(x, …)` or `list.filter(x, …)`: the name stands before the comma"),
    (r"->", "write `list.map(x, …)` or `list.filter(x, …)`: the name stands before the comma"),
    (r"=~", "write `text.matches(pattern)`"),
    (r"\?\?", "write `default(x, y)` for “y where x is null”"),
    (r"\?:", "write `default(x, y)` for “y where x is null”"),
    (r"\?\.", "write `x.?y` and not `x?.y`: then `.orValue(z)` gives z where y is missing"),
    (r"\bnot\s+in\b", "write `!(x in list)`"),
    (r"\bis\s+not\b", "write `!=`"),
    (r"\bis\s+(?:null|None|nil|empty|defined)\b", "write `== null`, or `has(x.y)`"),
    (r"\band\b|\bAND\b", "write `&&` for “and”"),
    (r"\bor\b(?!\s*\()|\bOR\b", "write `||` for “or”"),
    (r"\bnot\b(?!\s*\()|\bNOT\b", "write `!` for “not”"),
    (r"\bif\b|\bthen\b|\belse\b|\belif\b|\bunless\b", "write `condition ? a : b`"),
    (r"\bfor\b.*\bin\b", "write `list.map(x, …)` or `list.filter(x, …)`, or use a for-each step"),
    (r"\blambda\b|\bfunction\b", "write `list.map(x, …)` or `list.filter(x, …)`"),
    (r"\bnew\b", "there is no `new`: write `timestamp(text)` or `now()` for a date"),
    (
        r"\b(?:var|let|const)\b",
        "an expression sets nothing: use a set step, and read `vars.<name>`",
    ),
    (r"\breturn\b", "leave `return` out: the value of the expression is its result"),
    (r"\btypeof\b", "write `type(x) == string`"),
    (r"\bcontains\b(?!\s*\()", "write `text.contains(part)`, and of a list `item in list`"),
    (r"\bstarts?\s*[wW]ith\b(?!\s*\()", "write `text.startsWith(part)`"),
    (r"\bends?\s*[wW]ith\b(?!\s*\()", "write `text.endsWith(part)`"),
    (r"\b(?:matches|LIKE|like)\b(?!\s*\()", "write `text.matches(pattern)`"),
    (r"(?<!\|)\|(?!\|)\s*[A-Za-z_]", "there are no filters: write a function, such as `x.upper()`"),
    (r"(?<!\|)\|(?!\|)", "write `||` for “or”"),
    (r"(?<!&)&(?!&)", "write `&&` for “and”, and `+` to put texts together"),
    (r"\*\*|\^", "write `pow(x, y)`"),
    (r"\+\+|--|\+=|-=", "an expression changes nothing: use a set step with `vars.total + 1`"),
    (r"\.\.\.", "write `a + b` for lists and `a.merge(b)` for maps"),
    (r";", "an expression is one value: leave out `;`"),
    (r"(?<![=!<>])=(?!=)", "write `==` to compare"),
    (r"[\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb]", "write straight quotes, `\"` or `'`"),
    (
        r"\[\s*\*?\s*\]\s*\.",
        "the field of each item is `list.map(x, x.field)`, of one `list[0].field`",
    ),
    (r"[A-Za-z_\])]\s*\.\s*\d", "an item of a list is written `list[0]`"),
    (
        r"\.\s*(?:in|true|false|null)\b",
        'a name that is a word of the language is read like this: `steps["in"]`',
    ),
    (r"#", "there are no comments with `#`: write `//`"),
    (r"@|\\", "leave out this character"),
)
_QUOTE = re.compile(r"[\"']")
_TEXTS = re.compile(
    r"""[rR]?("{3}.*?"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""", re.DOTALL
)


SIZES = frozenset({"length", "Length", "count", "Count", "len"})
"""Fields of lists and texts elsewhere that tell how many there are."""


def syntax_hint(source: str) -> str | None:
    """What to write instead of something in an expression that cannot be read."""
    # Within the language's longest expression; texts may hold anything.
    bare = _TEXTS.sub('""', source[:4096])
    if found := next((told for pattern, told in _OPERATORS if re.search(pattern, bare)), None):
        return found
    quoted = bare.replace('""', "")
    return "a text is not closed: its quote stands at both ends" if _QUOTE.search(quoted) else None


def name_hint(name: str) -> str | None:
    """What to write instead of a name that is known elsewhere."""
    if name in _NAMES:
        return f"write `{_NAMES[name]}`"
    return _OTHER_NAMES.get(name)


def function_hint(name: str) -> str | None:
    """What to write instead of a function that is known elsewhere."""
    last = name.rpartition(".")[2]
    told = _FUNCTIONS.get(last)
    if told is None:
        owner = name.partition(".")[0]
        return _OTHER_NAMES.get(owner) if "." in name else None
    return f"write {told}" if told.startswith("`") else told


def field_hint(name: str, shown: str) -> str | None:
    """What to write instead of a field that lists and texts have elsewhere, such as `.length`."""
    return f"write `size({shown.strip('`')})` for how many there are" if name in SIZES else None


def reserved_name(name: str, taken: frozenset[str], *, is_bare: bool) -> str | None:
    """Why nothing in a definition can be called like this; None: it can.

    `is_bare`: expressions read it without anything in front, unlike `steps.<id>`.
    """
    if name in (RESERVED_WORDS if is_bare else KEYWORDS):
        return f"`{name}` is a word that the expression language keeps for itself"
    if name in taken:
        return f"`{name}` is a name of the language"
    return None
