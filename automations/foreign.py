"""What people write who know another language or product, and what to write here instead."""

from __future__ import annotations

import re

from automations.messages import Message

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
_ENVIRONMENT = Message("hint-environment")
_STEP_BEFORE = Message("hint-step-before")
_GO_THROUGH = Message("write-or", write="`list.map(x, …)`", second="`list.filter(x, …)`")
_MATCHES = Message("write", write="`text.matches(pattern)`")
_TYPE = Message("write", write="`type(x) == string`")
_MOMENT = Message("write-or", write="`now()`", second="`timestamp(text)`")
_OTHER_NAMES = {
    "trigger": Message("hint-trigger"),
    "input": Message("hint-data"),
    "inputs": Message("hint-data"),
    "payload": Message("hint-payload"),
    "body": Message("hint-body"),
    "output": _STEP_BEFORE,
    "step": Message("hint-steps"),
    "variables": Message("hint-variables"),
    "var": Message("hint-variables"),
    "user": Message("hint-user"),
    "env": _ENVIRONMENT,
    "process": _ENVIRONMENT,
    "secrets": Message("hint-secrets"),
    "Math": Message("write", write="`round(x)`, `floor(x)`, `ceil(x)`, `abs(x)`, `[a, b].min()`"),
    "JSON": Message("write-or", write="`json.encode(x)`", second="`json.decode(text)`"),
    "Object": Message("write-or", write="`x.keys()`, `x.values()`", second="`x.entries()`"),
    "Array": Message("hint-list"),
    "Date": _MOMENT,
    "datetime": _MOMENT,
    "String": Message("write", write="`string(x)`"),
    "Number": Message("write-or", write="`double(x)`", second="`int(x)`"),
    "NaN": Message("hint-nan"),
    "this": Message("hint-item-or-name"),
    "it": Message("hint-item-or-name"),
    "self": Message("hint-item"),
    "lambda": _GO_THROUGH,
    "new": Message("hint-no-objects"),
    "typeof": _TYPE,
}
_ADVICE = {
    "`size(x)`": "len length count Len LEN strlen",
    "`x.lower()`": "toLowerCase lowercase toLower LOWER downcase",
    "`x.upper()`": "toUpperCase uppercase toUpper UPPER upcase",
    "hint-concat": "concat CONCAT concatenate",
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
    "hint-contains": ("includes include has_value hasItem inList"),
    "hint-append": "push append add unshift prepend",
    "hint-remove": ("pop shift splice remove"),
    "`list.filter(x, …).first()`": "find findFirst detect",
    "`list.indexOf(item)`": "findIndex",
    "`list.exists(x, …)`": "some any anyMatch",
    "`list.all(x, …)`": "every allMatch",
    "hint-each": "forEach each foreach",
    "hint-reduce": "reduce fold inject accumulate",
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
    "hint-format": ("format sprintf printf interpolate"),
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
    "hint-random": "random rand",
    "hint-print": "print log console",
}
"""What to write, or the code of a hint, for names of functions elsewhere."""
_FUNCTIONS = {name: advice for advice, names in _ADVICE.items() for name in names.split()}

_OPERATORS: tuple[tuple[str, Message], ...] = (
    (r"\$\s*\(", Message("hint-other-product")),
    (r"\$json\b|\$input\b|\$item\b", Message("hint-dollar-other")),
    (r"\$node\b|\$items\b|\$prevNode\b", Message("hint-dollar-other")),
    (r"\$now\b|\$today\b", Message("hint-without-dollar", write="`now()`")),
    (r"\$vars\b", Message("hint-without-dollar", write="`vars.<name>`")),
    (r"\$env\b", _ENVIRONMENT),
    (r"\$\{", Message("hint-interpolation")),
    (r"\$", Message("hint-dollar")),
    (r"^\s*\{\{|\}\}\s*$", Message("hint-no-braces")),
    (r"\{%|%\}", Message("hint-no-blocks")),
    (r"^\s*\{[^:]*$", Message("hint-two-braces")),
    (r"/\*", Message("hint-comment")),
    (r"`", Message("hint-backtick")),
    (r"===", Message("hint-compare", write="`==`")),
    (r"!==", Message("hint-compare", write="`!=`")),
    (r"<>|~=|\^=", Message("hint-not-equal")),
    (r"=>", Message("hint-arrow")),
    (r"->", Message("hint-arrow")),
    (r"=~", _MATCHES),
    (r"\?\?", Message("hint-default")),
    (r"\?:", Message("hint-default")),
    (r"\?\.", Message("hint-optional")),
    (r"\bnot\s+in\b", Message("write", write="`!(x in list)`")),
    (r"\bis\s+not\b", Message("write", write="`!=`")),
    (r"\bis\s+(?:null|None|nil|empty|defined)\b", Message("hint-is-null")),
    (r"\band\b|\bAND\b", Message("hint-and")),
    (r"\bor\b(?!\s*\()|\bOR\b", Message("hint-or")),
    (r"\bnot\b(?!\s*\()|\bNOT\b", Message("hint-not")),
    (
        r"\bif\b|\bthen\b|\belse\b|\belif\b|\bunless\b",
        Message("write", write="`condition ? a : b`"),
    ),
    (r"\bfor\b.*\bin\b", Message("hint-for")),
    (r"\blambda\b|\bfunction\b", _GO_THROUGH),
    (r"\bnew\b", Message("hint-new")),
    (r"\b(?:var|let|const)\b", Message("hint-set")),
    (r"\breturn\b", Message("hint-return")),
    (r"\btypeof\b", _TYPE),
    (r"\bcontains\b(?!\s*\()", Message("hint-contains")),
    (r"\bstarts?\s*[wW]ith\b(?!\s*\()", Message("write", write="`text.startsWith(part)`")),
    (r"\bends?\s*[wW]ith\b(?!\s*\()", Message("write", write="`text.endsWith(part)`")),
    (r"\b(?:matches|LIKE|like)\b(?!\s*\()", _MATCHES),
    (r"(?<!\|)\|(?!\|)\s*[A-Za-z_]", Message("hint-no-filters")),
    (r"(?<!\|)\|(?!\|)", Message("hint-or")),
    (r"(?<!&)&(?!&)", Message("hint-ampersand")),
    (r"\*\*|\^", Message("write", write="`pow(x, y)`")),
    (r"\+\+|--|\+=|-=", Message("hint-increment")),
    (r"\.\.\.", Message("hint-spread")),
    (r";", Message("hint-semicolon")),
    (r"(?<![=!<>])=(?!=)", Message("hint-compare", write="`==`")),
    (r"[\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb]", Message("hint-quotes")),
    (r"\[\s*\*?\s*\]\s*\.", Message("hint-each-field")),
    (r"[A-Za-z_\])]\s*\.\s*\d", Message("hint-index")),
    (r"\.\s*(?:in|true|false|null)\b", Message("hint-word-as-name")),
    (r"#", Message("hint-comments")),
    (r"@|\\", Message("hint-character")),
)
_QUOTE = re.compile(r"[\"']")
_TEXTS = re.compile(
    r"""[rR]?("{3}.*?"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""", re.DOTALL
)


SIZES = frozenset({"length", "Length", "count", "Count", "len"})
"""Fields of lists and texts elsewhere that tell how many there are."""


def syntax_hint(source: str) -> Message | None:
    """What to write instead of something in an expression that cannot be read."""
    # Within the language's longest expression; texts may hold anything.
    bare = _TEXTS.sub('""', source[:4096])
    if found := next((hint for pattern, hint in _OPERATORS if re.search(pattern, bare)), None):
        return found
    quoted = bare.replace('""', "")
    return Message("hint-unclosed-text") if _QUOTE.search(quoted) else None


def name_hint(name: str) -> Message | None:
    """What to write instead of a name that is known elsewhere."""
    if name in _NAMES:
        return Message("write", write=f"`{_NAMES[name]}`")
    return _OTHER_NAMES.get(name)


def function_hint(name: str) -> Message | None:
    """What to write instead of a function that is known elsewhere."""
    advice = _FUNCTIONS.get(name.rpartition(".")[2])
    if advice is None:
        owner = name.partition(".")[0]
        return _OTHER_NAMES.get(owner) if "." in name else None
    if not advice.startswith("`"):
        return Message(advice)
    write, either, second = advice.partition("` or `")
    if either:
        return Message("write-or", write=f"{write}`", second=f"`{second}")
    return Message("write", write=advice)


def field_hint(name: str, owner: str) -> Message | None:
    """What to write instead of a field that lists and texts have elsewhere, such as `.length`.

    `owner` is the list or the text as it is written.
    """
    return Message("hint-size", owner=owner) if name in SIZES else None


def reserved_name(name: str, taken: frozenset[str], *, is_bare: bool) -> Message | None:
    """Why nothing in a definition can be called like this; None: it can.

    `is_bare`: expressions read it without anything in front, unlike `steps.<id>`.
    """
    if name in (RESERVED_WORDS if is_bare else KEYWORDS):
        return Message("name-keyword", name=name)
    return Message("name-of-language", name=name) if name in taken else None
