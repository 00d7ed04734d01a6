"""What is wrong with a request, beside what models have against it."""

REQUESTS = {
    "body-unreadable": "{text}",
    "draft-too-large": "A draft cannot be as large as this: {reason:entry}.",
    "secret-elsewhere": (
        "This placeholder of a saved secret stands for nothing here: the secret was saved in "
        "another input or another project, or its key is gone. Enter the secret itself."
    ),
    "cursor-unknown": "this is no cursor of this list",
    "options-cursor-unknown": "no `nextCursor` of these options: begin anew",
    "app-keys-missing": "name at least one app, separated by commas",
    "app-keys-too-many": "name at most {limit} apps",
    "connected-by-link": "this app is connected by its link: leave this out",
    "info-of-link": (
        "{name} is connected by its link, not by a form: ask for the link with POST "
        "/api/v1/ipaas/users/:userId/connections/{app}"
    ),
    "no-connection-needed": "this app needs no connection",
    "unknown-app": "there is no such app: see GET /api/v1/apps",
    "oauth-client-needed": "{name} is an OAuth app: give this",
    "oauth-client-unneeded": "{name} needs no OAuth client: leave this out",
    "null-refused": "may not be null",
    "confirm-name": "must be the project's name, {name}",
    "unknown-component": "there is no component or trigger of this key",
    "no-options": "the app tells no options for this input: enter its value",
    "input-first": "enter this first",
    "app-refused-options": "{text} Check {names}.",
    "item-not-given": (
        "The step “{step}” reads `{path}`, which was not given: give a value for `item`."
    ),
    "list-not-given": (
        "The step “{step}” reads `{path}`, which was not given: give a value for what the list of "
        "the loop “{loop}” reads."
    ),
    "event-not-given": (
        "The step “{step}” reads `{path}`, which was not given: give a value for `{path}`."
    ),
    "value-not-given": (
        "The step “{step}” reads `{path}`, which was not given: run the whole draft once, or give "
        "a value for `{path}`."
    ),
    "return-url-elsewhere": (
        "{origin} is not among the project's allowed origins: add it in the project's settings"
    ),
    "no-tokens-taken": "{name} has no OAuth tokens: connect it with the values of its form.",
    "token-secret-needed": "An OAuth 1 app needs the token's secret.",
    "no-refresh-token": "An OAuth 1 app has no refresh tokens: leave this out.",
    "not-of-oauth-2": "This app speaks OAuth 2.0: leave this out.",
    "not-milliseconds": "Give milliseconds since 1970, not seconds.",
    "token-ended": "The token has ended, and without a refresh token it cannot be renewed.",
    "not-captured": "{name} captures no such value.",
    "input-computed": (
        "known only when the automation runs: enter a value to choose from its options"
    ),
    "idempotency-key": "send 1 to {limit} visible ASCII characters without spaces",
    "current-password": "enter the current password",
    "weak-password": (
        "{why:entry}. Take several uncommon words, or let a password manager make one."
    ),
    "weak-easy": "It is easy to guess",
    "weak-rows": "Straight rows of keys are easy to guess",
    "weak-pattern": "Short keyboard patterns are easy to guess",
    "weak-repeat": 'Repeats like "aaa" are easy to guess',
    "weak-repeats": ('Repeats like "abcabcabc" are only slightly harder to guess than "abc"'),
    "weak-sequence": "Sequences like abc or 6543 are easy to guess",
    "weak-year": "Recent years are easy to guess",
    "weak-date": "Dates are often easy to guess",
    "weak-top-10": "This is a top-10 common password",
    "weak-top-100": "This is a top-100 common password",
    "weak-common": "This is a very common password",
    "weak-similar": "This is similar to a commonly used password",
    "weak-word": "A word by itself is easy to guess",
    "weak-names": "Names and surnames by themselves are easy to guess",
    "weak-common-names": "Common names and surnames are easy to guess",
    "approval-undecided": "an approval needs true or false",
    "by-signed-in": "a person who is signed in acts in their own name: leave `by` out",
    "several-pauses": "the run waits in several places: say which is meant (see its `pauses`)",
    "no-email": "This is no email address.",
    "no-http-url": "this is no URL that begins with https:// or http://",
    "url-with-credentials": "the URL must have neither user, password nor fragment",
    "no-origin": "this is no web origin such as https://shop.example.com",
    "no-time-zone": "there is no time zone `{name}`: {hint:entry}",
    "zone-near": "did you mean {near}?",
    "zone-example": "use a name such as Europe/Istanbul",
    "zone-or-offset": "use a name such as Europe/Istanbul, or +03:00",
    "user-id-dots": "a user id is neither . nor .., which URLs take for folders",
    "user-id-no-text": "a user id is text: in a URL it is percent-encoded from UTF-8",
    "user-id-control": "a user id has no control characters",
    "user-id-too-long": "a user id has at most {limit} bytes in UTF-8",
    "no-event-expected": (
        "No event starts this draft: leave `event` out, or give it an app's trigger."
    ),
    "event-needed": "The trigger {component} has no sample: give `event` a value.",
    "trigger-schema-too-much": "The trigger's schema is too much to check: {reason:entry}.",
    "trigger-schema-unusable": (
        "The trigger's schema cannot be used: give it simpler patterns, and references that lead "
        "into itself, and publish the automation again."
    ),
    "data-too-much": "This is too much for the trigger's schema: {reason:entry}.",
    "data-too-large-to-explain": (
        "This does not fit the trigger's schema, and is too large to say where."
    ),
    # Of the fields of a connection's form.
    "credential-unknown": "There is no such field.",
    "credential-required": "This field is required.",
    "credential-type": "The value must be text or a number.",
    "credential-length": "The value is longer than {limit} characters.",
    "credential-control": "The value holds a line break or another control character.",
    "credential-option": "Choose one of the options.",
    "credential-number": "This must be a number.",
    "credential-email": "This must be an e-mail address.",
    "credential-url": "This must be a URL that begins with https://.",
    "credential-form": "The value does not have the expected form.",
    "credential-form-example": "The value does not have the expected form. Example: {example}",
}
