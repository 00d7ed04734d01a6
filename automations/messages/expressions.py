"""What is wrong with an expression, told without computing it."""

EXPRESSIONS = {
    "expression-too-long": "the expression is longer than {limit:number} characters",
    "expression-empty": "the expression is empty",
    "too-many-optmaps": "use optMap at most {limit} times in an expression",
    "too-long-for-optmap": (
        "an expression of {size} characters is too long for using optMap {count} times: split it "
        "over steps"
    ),
    "expression-too-deep": (
        "the expression is nested too deeply (32 levels at most): split it over steps"
    ),
    "unsigned-number": "unsigned numbers such as 1u are not supported: leave out the u",
    "not-supported": "`{name}` is not supported",
    "message-not-supported": "`{name}{}` is not supported: write a map {…}",
    "too-many-expressions": (
        "There are more than {limit:number} expressions: split the automation."
    ),
    "expressions-too-long": (
        "The expressions have more than {limit:number} characters together: split the automation."
    ),
    "too-many-namings": (
        "The expressions use more than {limit} different sets of names: split the automation."
    ),
    "value-too-deep": "The value is nested more than {limit} levels deep.",
    "not-closed": (
        "`{{` at character {position} is not closed with `}}`; write `\\{{` for the braces "
        "themselves"
    ),
    "gives-wrong-kind": "This gives {kinds:kinds}; it must be {wanted:kinds}.",
    "gives-unfitting-kind": "This gives {kinds:kinds}; what takes it needs {wanted:kinds}.",
    "gives-bytes": "This gives bytes, which are no JSON: use `base64.encode(…)`.",
    "gives-type": "This gives a type, which is no JSON: use `string(type(…))`.",
    "always-fails": "this always fails: {text}",
    "braces-forgotten": "This is sent as it is written: write `{{ {source} }}` for the value.",
    # Told by the parser and the checker, with the place.
    "at-character": "at character {column}",
    "at-line": "at line {line}, character {column}",
    "cannot-be-read": "the expression cannot be read; see the documentation of expressions",
    "cannot-be-read-hint": "the expression cannot be read: {hint:entry}",
    "cannot-be-read-near": "{where:entry}: the expression cannot be read near `{near}`",
    "cannot-be-read-near-hint": (
        "{where:entry}: the expression cannot be read near `{near}`: {hint:entry}"
    ),
    "cannot-be-read-here": "{where:entry}: the expression cannot be read here",
    "cannot-be-read-here-hint": "{where:entry}: the expression cannot be read here: {hint:entry}",
    "cannot-be-read-end": "{where:entry}: the expression cannot be read at its end",
    "cannot-be-read-end-hint": (
        "{where:entry}: the expression cannot be read at its end: {hint:entry}"
    ),
    "reserved-word": (
        "{where:entry}: `{name}` is a word that CEL keeps for itself; a step is read by "
        "`steps.<id>`, a variable by `vars.<name>`"
    ),
    "reserved-word-hint": (
        "{where:entry}: `{name}` is a word that CEL keeps for itself: {hint:entry}"
    ),
    "macro-arguments": (
        "{where:entry}: `{macro}` takes a name for the item, then what to do with it: "
        "`list.{macro}(x, …)`"
    ),
    "has-takes-field": "{where:entry}: `has` takes a field, as in `has(data.title)`",
    "method-without-parentheses": (
        "{where:entry}: {kind:kinds} has no fields; a function is written with parentheses, such "
        "as `x.upper()`"
    ),
    "kind-without-fields": "{where:entry}: {kind:kinds} has no fields",
    "other-kind-expected": "{where:entry}: this must be {wanted:kinds}, and it is {kind:kinds}",
    "checker-other": "{where:entry}: {text}",
    "cannot-be-used": "{where:entry}: `{name}` cannot be used like this",
    "no-function": "{where:entry}: there is no function `{name}`",
    "no-function-hint": "{where:entry}: there is no function `{name}`: {hint:entry}",
    "no-function-near": "{where:entry}: there is no function `{name}`; did you mean `{near}`?",
    "no-function-near-2": (
        "{where:entry}: there is no function `{name}`; did you mean `{near}` or `{second}`?"
    ),
    "no-function-near-3": (
        "{where:entry}: there is no function `{name}`; did you mean `{near}` or `{second}` or "
        "`{third}`?"
    ),
    "wrong-use": "{where:entry}: `{name}` cannot be called with these; it is written {usage}",
    "wrong-use-sort": (
        "{where:entry}: `{name}` cannot be called with these; it is written {usage}; by a column: "
        '`list.sortBy("id")`'
    ),
    "cannot-be-applied": (
        "{where:entry}: `{operator}` cannot be applied to {kinds:both}{hint:entry}"
    ),
    "applied-choice": (
        ": the condition must be true or false and both results of one kind; dyn(…) lets them "
        "differ"
    ),
    "applied-truth": ": it takes true or false; compare the value, for example `x != null`",
    "applied-decimals": ": write whole numbers as decimals (2.0) or use double(…)",
    "applied-text": ": use string(…) to make text of a value",
    "applied-optional": ": `.orValue(…)` gives the value, or another where there is none",
    "applied-duration": (
        ': a duration is written `duration("1h30m")`, its seconds `time.seconds(…)`'
    ),
    "applied-in": ": it looks into a list or a map; for text write `text.contains(part)`",
    "applied-usage": "; it is written {usage}",
    "applied-size": ": it takes text, a list or a map",
    "applied-timestamp": ": a timestamp is made of text by `timestamp(…)`",
    "applied-conversion": ": convert with string(…), int(…) or double(…)",
    # Told by the shapes of values.
    "no-name": "There is no `{name}` here; there are {names}",
    "no-name-hint": "There is no `{name}` here: {hint:entry}",
    "no-name-near": "There is no `{name}` here. Did you mean `{near}`?",
    "no-field": "{thing:thing} has no `{name}`",
    "no-field-but": "{thing:thing} has no `{name}`; it has {names}",
    "no-field-hint": "{thing:thing} has no `{name}`: {hint:entry}",
    "no-field-near": "{thing:thing} has no `{name}`. Did you mean `{near}`?",
    "field-or-size": "`{name}` is a field here; {hint:entry}",
    "no-event": "No event starts this automation, so `event` is null: the data of a call is `data`",
    "no-fields": "{thing:thing} is {kinds:kinds}, so it has no `{name}`",
    "no-fields-hint": "{thing:thing} is {kinds:kinds}, so it has no `{name}`: {hint:entry}",
    "error-stops-run": "the step stops the run when it fails; let its `onError` be `continue`",
    "parentheses-forgotten": ("a function is written with parentheses, `{owner}.{name}(…)`"),
    "call-parentheses": "a function is written with parentheses, `{name}(…)`",
    "negative-index": "items are counted from 0: write `{owner}.last()` for the last one",
    "pattern-minutes": "`mm` in a pattern are minutes: write `MM` for months",
    "pattern-months": "`MM` in a pattern are months: write `mm` for minutes",
    "fields-of-items": (
        "`{owner}[0].{name}` is that of its first item, `{owner}.map(x, x.{name})` those of all"
    ),
    "no-items": "{thing:thing} is {kinds:kinds}, so it has no items",
    "map-by-number": "{thing:thing} is a map, so it has no item of a number",
    "list-by-name": "{thing:thing} is a list: its items have numbers, from 0",
    "key-not-text": (
        "`in` asks for a key of a map, which is text, and {thing:thing} is {kinds:kinds}"
    ),
    "not-gone-through": (
        "only a list or a map can be gone through, and {thing:thing} is {kinds:kinds}"
    ),
    "not-a-condition": (
        "{thing:thing} is {kinds:kinds}, and a condition is true or false: compare it, for example "
        "`{write} != null`"
    ),
    "cannot-compare": (
        "{left:thing} is {left_kinds:kinds} and {right:thing} is {right_kinds:kinds}: `{operator}` "
        "cannot compare them{hint:entry}"
    ),
    "cannot-take": (
        "{left:thing} is {left_kinds:kinds} and {right:thing} is {right_kinds:kinds}: `{operator}` "
        "cannot take them{hint:entry}"
    ),
    "in-takes-list": (
        "`in` looks into a list or the keys of a map, and {thing:thing} is {kinds:kinds}"
        "{hint:entry}"
    ),
    "function-takes": (
        "`{function}` takes {wanted:kinds}, and {thing:thing} is {kinds:kinds}{hint:entry}"
    ),
    "never-equal-kinds": (
        "{left:thing} is {left_kinds:kinds} and {right:thing} is {right_kinds:kinds}: they are "
        "never equal{hint:entry}{always:entry}"
    ),
    "never-one-of": (
        "{thing:thing} is one of {options}, and never equal to this{hint:entry}{always:entry}"
    ),
    "never-equal": "{left:thing} and {right:thing} are never equal{always:entry}",
    "always-true": ", so this is always true",
    "convert-number": "; `string(…)` makes text of a number, `double(…)` a number of text",
    "convert-timestamp": "; `timestamp(…)` makes a timestamp of text",
    "colon-write": ": write `{write}`",
    # Told by what has happened before a place.
    "perhaps-no-step": (
        "`steps.{id}` is there only if {place:entry} ran: write `default(steps.{id}.output, …)`, "
        "or ask by `has(steps.{id})` first"
    ),
    "perhaps-no-variable": (
        "`vars.{id}` is there only if {place:entry} ran: write `default(vars.{id}, …)`, or ask by "
        "`has(vars.{id})` first"
    ),
    "place-branch": "branch “{branch}” of “{of}”",
    "place-branch-number": "branch {branch} of “{of}”",
    "place-case": "case “{branch}” of “{of}”",
    "place-case-number": "case {branch} of “{of}”",
    "place-otherwise": "“otherwise” of “{of}”",
    "place-default": "“default” of “{of}”",
    "no-field-of-step": "`steps.{id}` has no `{name}`. Did you mean `{near}`?",
    "no-field-of-step-but": (
        "`steps.{id}` has no `{name}`: it has `output`, `status` and `error`, and "
        "`steps.{id}.output` has {names}"
    ),
    "output-forgotten": (
        "`steps.{id}` has no `{name}`: what it gave is in `output`. Write "
        "`steps.{id}.output.{name}`"
    ),
    "no-step": "There is no step `{id}`.{hint:entry}",
    "step-out-of-sight": "`steps.{id}` cannot be read here: {why:entry}",
    "no-variable": "No step sets `vars.{name}`. A set step sets variables.",
    "no-variable-near": "No step sets `vars.{name}`. Did you mean `vars.{near}`?",
    "variable-out-of-sight": "`vars.{name}` is not set at this place: {why:entry}",
    "why-not-in-excerpt": "it has not run yet at this place, or runs in another block",
    "why-itself": "that is this step itself, which gives its output when it is done",
    "why-around": "that is the step around this one, which gives its output when it is done",
    "why-other-branch": ("it runs in another branch of “{of}”, and only one branch runs"),
    "why-later": "it runs later",
    "why-in-loop": (
        "it runs inside the loop “{of}”, and outside of it only `steps.{loop}.output` can be read: "
        "let the loop give what is needed"
    ),
    "why-not-run": "it has not run at this place",
    "why-variable-other-branch": (
        "its step runs in another branch of “{of}”, and only one branch runs"
    ),
    "why-variable-later": "its step runs later",
    "why-variable-in-loop": (
        "its step runs inside the loop “{of}”, and outside of it only `steps.{loop}.output` can be "
        "read: let the loop give what is needed"
    ),
}
