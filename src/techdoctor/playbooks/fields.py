"""The field table: every key a playbook may have, declared once.

The checker (check.py), the JSON Schema (schema.py) and the reference page (reference.py) are all made
from KINDS. `type` is a word of forms.FORMS or the name of another kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from techdoctor.model import EFFORTS, ENDS, LIKELIHOODS, PLATFORMS, RISKS, SEVERITIES

SCHEMA = "techdoctor.playbook/1"
AUDIENCES = ("user", "technician", "admin")
INPUT_TYPES = ("text", "hostname", "int", "float", "bool", "path")
COSTS = ("cheap", "slow")
# What an `end` node may say. "solved" is not among them: only a re-measured complaint is solved.
NODE_ENDS = ("not_reproduced", "handed_on", "referred", "inconclusive", "escalate", "escalated")

ONE, LIST, MAP = "one", "list", "map"


@dataclass(frozen=True)
class Key:
    """One key.

    Attributes:
        type: A form's or a kind's name.
        doc: One sentence.
        example: The value as one line of YAML.
        shape: ONE value, a LIST of them, or a MAP from names to them.
        required: True when it must be there.
        default: What holds when it is absent, as the reference shows it.
        enum: The only texts allowed.
        names: For a MAP: form of its keys: "id", "fact key" (may name a called playbook's) or "parameter".
    """

    type: str
    doc: str
    example: str
    shape: str = ONE
    required: bool = False
    default: str = ""
    enum: tuple[str, ...] = ()
    names: str = "id"


@dataclass(frozen=True)
class Kind:
    """A mapping with known keys.

    Attributes:
        title: For messages: "a fact", "an end node".
        doc: One sentence.
        keys: Key name to its declaration, in the order of the reference.
        one_of: Groups of keys of which exactly one must be there.
    """

    title: str
    doc: str
    keys: Mapping[str, Key] = field(default_factory=dict)
    one_of: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Choice:
    """A mapping whose kind is told by which of some keys it has.

    Attributes:
        title: For messages.
        doc: One sentence.
        kinds: Telling key to kind.
    """

    title: str
    doc: str
    kinds: Mapping[str, str]


WHY = Key("text", "Why, in words; shown by `why` and `explain`.", "without a link nothing else can be judged")
CHOICES = Key("text", "Answer key to the label a person sees.", "{yes_managed: 'Yes', no_managed: 'No'}", MAP, True)
WITH = Key(
    "parameter",
    "Parameters: literal values, `$input` or `$fact.field`.",
    "{name: $name, via: system}",
    MAP,
    names="parameter",
)

PLAYBOOK = Kind(
    "a playbook",
    "One file: one complaint.",
    {
        "schema": Key("text", "The format of this file.", SCHEMA, required=True, enum=(SCHEMA,)),
        "id": Key("playbook id", "Area and name; never reused, never renamed.", "net.dns", required=True),
        "version": Key("version", "Version of this file.", "1.0.0", required=True),
        "title": Key("text", "The complaint in plain words.", "Web addresses cannot be found", required=True),
        "description": Key("text", "A few lines on what is covered and what is not.", "Name lookup of this computer."),
        "symptoms": Key(
            "text", "What people say when they have it; the search reads these.", "[server not found]", LIST
        ),
        "signatures": Key("text", "Error codes and product names.", "[DNS_PROBE_FINISHED_NXDOMAIN]", LIST),
        "audience": Key("text", "Who can follow it.", "technician", default="user", enum=AUDIENCES),
        "platforms": Key("text", "Where it can be used.", "[linux, macos]", LIST, default="all", enum=PLATFORMS),
        "inputs": Key("input", "Values given by the person.", "{name: {type: hostname, default: example.com}}", MAP),
        "limits": Key("limit", "Thresholds that a site may override.", "{slow_ms: {value: 300, unit: ms}}", MAP),
        "facts": Key(
            "fact", "What is measured: read-only, once each, in parallel.", "{link: {probe: net.link}}", MAP, True
        ),
        "patience": Key(
            "duration",
            "Most time for measuring in one go, from the start and anew after each answer or fix; what is out then "
            "counts as timed out.",
            "7s",
            default="60s",
        ),
        "routine": Key(
            "bool", "false: mostly questions, so a check-up leaves it out unless it is named.", "false", default="true"
        ),
        "start": Key("id", "The first node.", "triage", required=True),
        "nodes": Key("node", "The points of the decision.", "{give_up: {end: escalate}}", MAP, True),
        "causes": Key("cause", "The causes this playbook can find.", "{dead_server: {title: ..., confirm: ...}}", MAP),
        "verify": Key("verify", "How the complaint is measured again after a fix.", "{fact: system, until: system.ok}"),
        "tests": Key("test", "Recorded facts and the expected end.", "[{name: ..., facts: {}, expect: {}}]", LIST),
    },
)

INPUT = Kind(
    "an input",
    "A value the person or `--set` gives. Shared names: name, printer, path, user, service.",
    {
        "type": Key("text", "What it must be.", "hostname", default="text", enum=INPUT_TYPES),
        "default": Key("value", "Value when none is given.", "example.com"),
        "ask": Key("text", "The question; without it the input is never asked for.", "Which address does not open?"),
    },
)

LIMIT = Kind(
    "a limit",
    "A threshold, read in conditions as `limits.<name>`.",
    {
        "value": Key("value", "Its value here.", "300", required=True),
        "unit": Key("text", "Its unit.", "ms"),
        "source": Key("text", "Where the number comes from.", "ITU-T G.114"),
    },
)

FACT = Kind(
    "a fact",
    "One call of a probe.",
    {
        "probe": Key("probe", "The probe.", "dns.lookup", required=True),
        "with": WITH,
        "after": Key("id", "Facts that must be known first.", "[link]", LIST),
        "timeout": Key("duration", "How long it may take.", "4s", default="the probe's"),
        "cost": Key("text", "slow: starts only when a node needs it.", "slow", default="the probe's", enum=COSTS),
        "alone": Key("bool", "true: runs when no other network probe does.", "true", default="the probe's"),
        "discloses": Key("id", "Inputs it sends to a party the machine does not already use.", "[name]", LIST),
    },
)

BRANCH_ENTRY = Kind(
    "a branch entry",
    "One line of a branch; the first whose condition is true is taken.",
    {
        "when": Key("condition", "The condition.", "system.ok and system.ms <= limits.slow_ms"),
        "else": Key("true", "Taken when nothing above was true.", "true"),
        "goto": Key("id", "The next node.", "find_cause"),
        "call": Key("playbook id", "Another playbook to walk.", "net.connection"),
        "then": Key("id", "Node to return to when the called playbook finds nothing.", "find_cause", default="its end"),
        "why": WHY,
    },
    one_of=(("when", "else"), ("goto", "call")),
)

NODES = {
    "branch node": Kind(
        "a branch node",
        "Takes the first entry that is true.",
        {
            "branch": Key(
                "branch entry", "The entries; the last one is `else: true`.", "[{else: true, goto: end}]", LIST, True
            )
        },
    ),
    "ask node": Kind(
        "an ask node",
        "Asks the person.",
        {"ask": Key("node question", "The question.", "{text: ..., choices: ..., on: ...}", required=True)},
    ),
    "causes node": Kind(
        "a causes node",
        "Looks for a cause among these, in the order the engine finds best.",
        {
            "causes": Key("id", "The causes, most basic first.", "[no_server, dead_server]", LIST, True),
            "then": Key("id", "Node to go on to when none fits.", "unexplained", required=True),
        },
    ),
    "call node": Kind(
        "a call node",
        "Walks another playbook.",
        {
            "call": Key("playbook id", "The playbook.", "net.connection", required=True),
            "then": Key("id", "Node to return to when it finds nothing.", "find_cause", default="its end"),
            "why": WHY,
        },
    ),
    "end node": Kind(
        "an end node",
        "Ends the walk.",
        {
            "end": Key("text", "How it ends.", "escalate", required=True, enum=NODE_ENDS),
            "say": Key("text", "What the person reads.", "Looking up {name} works now ({system.ms} ms)."),
            "cause": Key("id", "A cause to name.", "no_link"),
            "see": Key("playbook id", "The playbook that goes on from here.", "net.connection"),
        },
    ),
}

QUESTION = {
    "id": Key("id", "Its name; the answer is `answers.<id>`.", "policy", required=True),
    "text": Key("text", "The question.", "Is this computer managed by your school?", required=True),
    "choices": CHOICES,
    "effort": Key("text", "What answering costs.", "look", default="ask", enum=EFFORTS),
    "why": WHY,
}

NODE_QUESTION = {
    **{name: key for name, key in QUESTION.items() if name != "effort"},
    "id": Key("id", "Its name; the answer is `answers.<id>`.", "policy", default="the node's name"),
    "on": Key(
        "id", 'Answer key to node; `unknown` is the target of "I don\'t know".', "{yes: a, unknown: b}", MAP, True
    ),
}

CAUSE = Kind(
    "a cause",
    "A hypothesis. Its global id is `<playbook id>.<cause>`.",
    {
        "title": Key("text", "The cause in plain words.", "The name server does not answer", required=True),
        "detail": Key("text", "One line for technicians.", "UDP and TCP port 53 silent, ping answers"),
        "likelihood": Key("text", "How often it is the cause.", "common", default="occasional", enum=LIKELIHOODS[::-1]),
        "severity": Key("text", "How bad it is.", "danger", default="problem", enum=SEVERITIES),
        "confirm": Key(
            "condition", "True when this is the cause.", "each.first_dead and each.alive >= 1", required=True
        ),
        "rule_out": Key("condition", "True when it is not.", "second.ok", default="not confirm"),
        "ask": Key("question", "A question, asked only if no fact decides.", "{id: policy, text: ..., choices: ...}"),
        "explains": Key("cause id", "Causes that are mere consequences of this one.", "[net.dns.server_silent]", LIST),
        "fix": Key("fix", "Remedies, in the order you would try them.", "[{id: wait, instruct: ...}]", LIST),
    },
)

FIX = Kind(
    "a fix",
    "A remedy: an instruction for a person, or an action techdoctor can apply.",
    {
        "id": Key("id", "Its name within the cause.", "renew_lease", required=True),
        "effort": Key("text", "What it costs the person.", "do", default="do", enum=EFFORTS),
        "risk": Key("text", "What can go wrong; suspicions get none or low only.", "low", default="low", enum=RISKS),
        "instruct": Key(
            "text", "What the person should do; commands in it are never run.", "Check the spelling of {name}."
        ),
        "action": Key("action", "The action.", "service.start"),
        "with": WITH,
        "when": Key("condition", "Offered only when this is true.", "answers.policy != 'yes_managed'"),
        "needs": Key("text", "Rights it needs.", "admin", enum=("admin",)),
        "undo": Key("undo", "The action's undo, or none_needed.", "none_needed"),
        "irreversible": Key("bool", "true: it cannot be taken back.", "true", default="false"),
        "ends": Key(
            "text", "The cure is someone else's; the session ends as referred.", "referred", enum=("referred",)
        ),
    },
    one_of=(("instruct", "action"),),
)

VERIFY = Kind(
    "verify",
    "Measures the complaint again; it alone decides `solved`.",
    {
        "fact": Key("id", "The fact measured again.", "system", required=True),
        "until": Key("condition", "True when the trouble is gone.", "system.ok", required=True),
        "retry": Key("retry", "How often to look again.", "{times: 3, wait: 2s}"),
    },
)

RETRY = Kind(
    "retry",
    "Patience for what takes time to come back.",
    {
        "times": Key("times", "Measurements at most.", "3", required=True),
        "wait": Key("duration", "Time between two.", "2s", default="0s"),
    },
)

TEST = Kind(
    "a test",
    "Recorded facts in, expected end out.",
    {
        "name": Key("text", "What it shows.", "first server dead, a new lease cures it", required=True),
        "facts": Key(
            "recorded fact",
            "Fact to its data, or to a status like timeout; `playbook:fact` for a called playbook's.",
            "{link: {up: true}, system: timeout}",
            MAP,
            True,
            names="fact key",
        ),
        "after": Key(
            "recorded facts", "Fix to the facts that hold once it was done.", "{wait: {system: {ok: true}}}", MAP
        ),
        "answers": Key("text", "Question or fix to choice; fixes default to yes.", "{policy: no_managed}", MAP),
        "inputs": Key("value", "Input to value.", "{name: www.example.org}", MAP),
        "platform": Key("text", "The platform it runs on.", "windows", default="linux", enum=PLATFORMS),
        "expect": Key("expected", "What must come out.", "{end: solved, cause: dead_server}", required=True),
    },
)

EXPECT = Kind(
    "an expectation",
    "What a test's walk must come to; only the keys given are compared.",
    {
        "end": Key("text", "The end.", "solved", enum=(*ENDS, "escalate")),
        "cause": Key("cause or nothing", "The root cause, short or global; null = none.", "dead_server"),
        "fixes": Key("id", "Fixes applied, in order.", "[renew_lease]", LIST),
        "findings": Key("cause id", "Causes reported, most important first.", "[dead_server]", LIST),
        "questions": Key("place", "Questions asked, in order.", "[policy]", LIST),
        "path": Key("place", "Nodes walked, in order.", "[triage, find_cause]", LIST),
        "not_judged": Key("cause id", "Causes that could not be judged.", "[filtered]", LIST),
    },
)

KINDS: Mapping[str, Kind | Choice] = {
    "playbook": PLAYBOOK,
    "input": INPUT,
    "limit": LIMIT,
    "fact": FACT,
    "node": Choice("a node", "One point of the decision, told by its key.", {k.split()[0]: k for k in NODES}),
    **NODES,
    "branch entry": BRANCH_ENTRY,
    "node question": Kind("a question", 'What an ask node asks; "I don\'t know" is always added.', NODE_QUESTION),
    "cause": CAUSE,
    "question": Kind("a question", "A question that belongs to a cause.", QUESTION),
    "fix": FIX,
    "verify": VERIFY,
    "retry": RETRY,
    "test": TEST,
    "expected": EXPECT,
}
