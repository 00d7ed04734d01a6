"""What validation has against a definition, beside its expressions."""

DEFINITION = {
    "definition-too-large": (
        "The definition has {size:number} bytes; at most {limit:number} are allowed."
    ),
    "definition-unreadable": "The definition is not JSON, or it is nested too deeply.",
    "schema-too-much": "This JSON Schema is too much to check: {reason:entry}.",
    "schema-invalid": "This is no valid JSON Schema here.",
    "schema-too-deep": "This JSON Schema is nested too deeply.",
    "schema-not-object": "The type of a trigger's input is `object`.",
    "schema-unusable": (
        "This JSON Schema cannot be used: its patterns must be regular expressions of RE2, and its "
        "references must lead into itself."
    ),
    "too-many-steps": "{count:number} steps; at most {limit} are allowed.",
    "steps-too-deep": "Steps are nested deeper than {limit} levels.",
    "same-step-id": "Two steps have the id `{id}`: give each its own.",
    "never-reached": "This is never reached: the run has ended before.",
    "name-taken": "No {what:entry} can be called `{name}`: {why:entry}. Take `{name}_1`.",
    "what-step": "step",
    "what-variable": "variable",
    "what-loop-name": "name in a loop",
    "name-keyword": "`{name}` is a word that the expression language keeps for itself",
    "name-of-language": "`{name}` is a name of the language",
    "case-never-equal": (
        "This is {kinds:kinds}, and the switch's value is {value_kinds:kinds}: they are never "
        "equal."
    ),
    "case-never-one-of": (
        "This is {kinds:kinds}, and the switch's value is one of {options}: they are never equal."
    ),
    "case-repeated": "A case before it has the same value.",
    "case-is-text": "This is compared as it is written: use a condition for an expression.",
    "carry-in-turn": "With `carry` each item waits for the one before: leave `parallelism` at 1.",
    "same-loop-names": "The names of a loop's item, index and carry must differ.",
    "gives-no-seconds": "This gives {kinds:kinds}; it must be a number of seconds.",
    "gives-no-moment": "This gives {kinds:kinds}; it must be a moment as text, or a timestamp.",
    "seconds-as-text": (
        "This must be a number of seconds, such as 3600, or an expression that gives one, such as "
        '`{{ duration("1h") }}`.'
    ),
    "no-seconds": "This must be a number of seconds, not {given:kinds}.",
    "negative-seconds": "This must be at least 0 seconds.",
    "too-many-seconds": "This must be at most {limit:number} seconds, a year.",
    "moment-without-offset": (
        "This must be a moment with its offset, such as 2026-01-31T09:00:00+03:00, or an "
        'expression that gives one, such as `{{ time.add(now(), 1, "days") }}`.'
    ),
    "no-moment": "This must be a moment as text, not {given:kinds}.",
    "moment-out-of-years": "This must be a moment within the years 1 to 9999.",
    "endless-calls": "Calling automation {automation} never ends: break the cycle.",
    "no-automation": "There is no published automation {automation} in the project.",
    "input-needed": "`{name}` is needed by {component}.",
    "data-needed": "`{name}` is needed by the automation.",
    "no-input": "{component} has no input `{name}`.",
    "no-input-near": "{component} has no input `{name}`: did you mean `{near}`?",
    "no-app": "There is no app `{app}`.{hint:entry}",
    "no-component": "The app `{app}` has no component `{component}`.{hint:entry}",
    "no-trigger": "The app `{app}` has no trigger `{component}`.{hint:entry}",
    "app-not-added": (
        "The project has no integration of {name} (`{app}`), which {users:names}{more:entry} "
        "{need:entry}: add it in the project's settings. Until then runs are refused."
    ),
    "account-not-connected": (
        "Your own account at {name} (`{app}`) is not connected, and {users:names}{more:entry} "
        "{need:entry} with it: connect it in the project's settings. Until then runs are refused."
    ),
    "needs": "needs",
    "need": "need",
    "runs": "runs",
    "run": "run",
}
