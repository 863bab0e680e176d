"""policy.toml, taxonomy.toml and rules.toml -> one frozen Policy, checked against each other, with a content hash."""

import hashlib
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Brake = Literal["draft", "assist", "hand_off"]


class PolicyError(Exception):
    """The policy files cannot be used; the message names file, key and what is wrong."""


class Rules(BaseModel):
    """Base of every section: unknown keys are mistakes, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Team(Rules):
    """A team of the company. `group` is the name of the helpdesk's group, matched without regard to case."""

    group: str
    description: str = ""
    language: str = "en"  # of the notes for this team; workers/templates/words.*.toml says which there are


class Intent(Rules):
    """One label of the taxonomy. `ceiling` is the most autonomous action it may ever reach; `autonomy` pins a step."""

    description: str
    examples: tuple[str, ...] = ()
    team: str = ""
    ceiling: Literal["send", "draft", "assist", "hand_off"] = "send"
    autonomy: Literal["off", "shadow", "draft", "send"] | None = None
    is_money: bool = False
    needs_action: bool = False  # answering it usually means doing something in another system
    min_confidence: Share | None = None
    tone: str = ""
    actions: tuple[str, ...] = ()


class Rule(Rules):
    """A rule that wins over the model. `any_of` are word patterns, see workers/patterns.py for how they match."""

    reason: str
    action: Literal["draft", "assist", "hand_off"]  # the most autonomous action it still allows
    any_of: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()  # patterns that take a match back
    reads_like: str = ""  # family of sentences that count without any of these words; see workers/ear.py
    typos_of: tuple[str, ...] = ()  # words that are understood also when mistyped; see workers/typos.py
    no_typos: tuple[str, ...] = ()  # words of their own that look like one of these, mistyped
    organization_tags: tuple[str, ...] = ()
    requester_tags: tuple[str, ...] = ()
    team: str = ""
    urgency: Literal["low", "normal", "high", "critical"] | None = None
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()


class Timing(Rules):
    """Seconds. The lease is renewed at a third of its length for as long as its worker lives, up to `case_seconds`."""

    quiet_seconds: dict[str, float] = {"default": 8.0}  # by vendor; folds a burst of messages into one question
    lease_seconds: float = 8.0
    sweep_seconds: float = 1.0
    case_seconds: float = 120.0  # after this a case is taken away from its worker
    model_seconds: float = 45.0
    helpdesk_seconds: float = 14.0  # for one call, its answer included; docs/adr/0013
    reconcile_seconds: float = 120.0
    reconcile_overlap_seconds: float = 180.0  # so far before the last change seen a pass begins again
    reindex_seconds: float = 600.0
    full_reindex_seconds: float = 86_400.0
    retention_seconds: float = 86_400.0
    train_seconds: float = 604_800.0
    stamp_settle_seconds: float = 2.0  # the helpdesk's stamp has a resolution of one second


class Thresholds(Rules):
    send: Share = 0.75
    send_money: Share = 0.90
    send_unseasoned: Share = 0.85  # what an intent needs until staff have judged so many of its drafts:
    seasoned_corrections: int = 50
    review: Share = 0.65
    passage: Share = 0.45  # a best passage below this is weak: no automatic reply
    passage_clear: Share = 0.60  # from here on a passage clearly fits, whatever the kind of request is called
    passage_beside: Share = 0.6  # of the best one's score; weaker ones are not shown to who drafts
    passage_draft: Share = 0.30  # below this there is nothing to draft from
    stage_one_accuracy: Share = 0.97  # stage one decides alone where held-back examples reach this
    grounding: Share = 0.35  # a sentence less likely than this to be called supported by its passages is not
    support: Share = 0.8  # share of a draft's sentences that must stand in their passages
    faithfulness: Share = 0.8  # what the judge must give a draft for it to be sent, as of the next two
    relevance: Share = 0.7
    safety: Share = 0.95
    judged_person: Share = 0.5  # judged less faithful or relevant than this, it is no draft either


class Checking(Rules):
    """How much is read a second time by the model. A judge costs about as much as a classification."""

    judge_sends: Share = 1.0  # of drafts that would be sent
    judge_drafts: Share = 0.33  # of drafts: a person reads all of them, and the doubts of some tell how far to trust
    repair: bool = True  # one more try at a draft whose own faults hold it back


class Context(Rules):
    """What is told of the requester, in notes and, of a verified one, in prompts. Names are the helpdesk's fields."""

    requester_fields: tuple[str, ...] = ("plan",)
    organization_fields: tuple[str, ...] = ("plan",)
    earlier_tickets: int = 5


class Limits(Rules):
    passages: int = 3
    similar_tickets: int = 3  # that a hand-over note shows
    turns: int = 3
    passage_tokens: int = 800
    account_tokens: int = 500
    message_tokens: int = 1500
    attachments: int = 3  # text-like files of a message that are read
    attachment_bytes: int = 1_000_000
    attachment_pages: int = 10
    attachment_tokens: int = 400  # of each, that the model sees
    thread_tokens: int = 600
    summary_tokens: int = 200  # of the turns before those that are shown whole, a sentence each
    replies_per_ticket: int = 3
    failed_answers: int = 2  # answers of ours that the requester was unhappy with, before a person takes over
    replies_per_hour: int = 3  # to one person, on all their tickets; more are left as drafts
    max_attempts: int = 5  # of a ticket that fails by itself, before a person gets it with what is known
    max_outage_attempts: int = 150  # of a ticket that fails because something outside is away: half an hour or so
    staff_share: Share = 0.3  # of the helpdesk's rate limits, left to staff and to what else they use
    reply_words: int = 150
    suspicious_drop: Share = 0.3  # a full sync that would drop a larger share of documents stops


class Retention(Rules):
    """Days. The raw text of deliveries is kept for looking into trouble only; the ledger masks what it keeps."""

    body_days: float = 30.0
    delivery_days: float = 90.0  # of handled deliveries; until then a repetition is known
    run_days: float = 90.0


class Breaking(Rules):
    """When a model that struggles is left alone by all workers, and how soon it is tried again. Seconds."""

    failures: int = 5  # so many of the newest calls ...
    share: Share = 0.5  # ... and so large a part of them, within the window
    window_seconds: float = 60.0
    pause_seconds: float = 10.0  # before the first probe; doubles with each probe that fails
    longest_pause_seconds: float = 12.0  # whatever the API asks for: one probe tells, and tickets go on soon after
    person_pause_seconds: float = 300.0  # while only a person can help: a wrong key, an unpaid bill
    probe_seconds: float = 8.0  # after this another worker may probe
    patience_seconds: float = 60.0  # so long tickets wait for the model before they go on without it


class Outage(Breaking):
    """The same for a helpdesk that answers nobody: tickets wait, and go on within seconds of its first answer."""

    failures: int = 3
    pause_seconds: float = 2.0
    longest_pause_seconds: float = 5.0
    probe_seconds: float = 5.0  # a call into the void takes 14 s to fail


class Models(Rules):
    """Names and prices (USD per million tokens). Prices are the operator's to keep current."""

    classify: str
    draft: str
    embed: str = "minilm"  # or the name or folder of a sentence-transformers model; those want PyTorch
    classify_max_tokens: int = 1024
    judge: str = ""  # "": the one that classifies
    draft_max_tokens: int = 2048
    judge_max_tokens: int = 1024
    prices: dict[str, "Price"] = {}


class Price(Rules):
    input: Decimal
    output: Decimal
    cache_read: Decimal = Decimal(0)
    cache_write: Decimal = Decimal(0)


class Answering(Rules):
    default_autonomy: Literal["off", "shadow", "draft", "send"] = "draft"
    status_after_reply: Literal["open", "pending", "on_hold", "solved"] = "pending"
    signature: str = ""
    says_assistant: str = ""  # a closing line such as "I am the automatic assistant of ..."; "" says nothing
    says_assistant_in: dict[str, str] = {}  # the same by language (ISO 639-1), where it differs
    company: str = "our company"
    product: str = ""
    allowed_hosts: tuple[str, ...] = ()  # hosts links in replies may point to, besides those of cited passages
    languages: tuple[str, ...] = ("en",)  # languages a reply may be sent in without a person
    stale_labels: tuple[str, ...] = ("outdated", "obsolete", "deprecated", "archived")  # such articles answer nobody
    draft_only_channels: tuple[str, ...] = ()
    excluded_channels: tuple[str, ...] = ("sample_ticket",)
    excluded_domains: tuple[str, ...] = ()  # own addresses and other desks
    excluded_tags: tuple[str, ...] = ("deskhand_off",)
    stop_tag: str = "deskhand_stop"
    wrong_tag: str = "deskhand_wrong"  # staff's word that what we drafted or sent on a ticket is wrong
    fallback_team: str = ""
    yields_to_ai_agent: bool = True  # what the helpdesk's own AI agent (Intercom's Fin) has is left to it
    ai_agent_minutes: Annotated[float, Field(gt=0.0)] = 10.0  # a requester it leaves without a word for so long is ours

    def assistant_line(self, language: str) -> str:
        return self.says_assistant_in.get(language, self.says_assistant)


class FolderSource(Rules):
    """A folder of Markdown, HTML, text and PDF files that feeds the library. Front matter of a file wins over this."""

    path: Path
    audience: Literal["public", "staff"] = "staff"  # only public text ever feeds a reply
    locale: str = ""
    brand_id: str = ""
    url: str = ""  # what a file's path under the folder is put behind, "" for no link


class Approval(Rules):
    """Tags by which staff tell Deskhand what to do with a ticket, set by hand or by a macro; taken off when done."""

    send_tag: str = "deskhand_do_send"
    wrong_tag: str = "deskhand_do_wrong"
    max_age_hours: float = 72.0  # a note older than this that reads like a command is none: it is history


class Classifying(Rules):
    """What stage one learns from besides the taxonomy's examples, which count 1 each, and how a new one is tried."""

    languages: tuple[str, ...] = ("en",)  # of the examples; it decides no message in another
    relabel_weight: Annotated[float, Field(gt=0.0, le=10.0)] = 3.0  # of a kind of request that staff corrected
    approved_weight: Annotated[float, Field(gt=0.0, le=10.0)] = 0.3  # of a case whose draft staff sent as it was
    most_relabels: int = 5000  # the newest
    most_approved: int = 2000
    trial_share: Share = 0.0  # of tickets on which a new model runs beside the old one before it is used; 0: at once
    trial_error: Annotated[float, Field(gt=0.0, lt=0.5)] = 0.05  # chance that one which is no better wins its trial
    trial_days: float = 28.0  # after so long without a winner the one on trial makes room


class Learning(Rules):
    is_on: bool = True
    needs_approval: bool = False
    may_send: bool = False  # whether a reply that rests on lessons alone may go out without a person
    min_answer_words: int = 12
    min_question_words: int = 4


class Knowledge(Rules):
    review_days: Annotated[float, Field(gt=0.0)] = 60.0  # after so long somebody should look at an article again
    reranker: str = ""  # a sentence-transformers cross-encoder, by name or folder, that reads the best passages again


class Autonomy(Rules):
    """How intents earn and lose the right to act by themselves; workers/autonomy.py says what the numbers promise."""

    is_on: bool = True
    most: Literal["shadow", "draft", "send"] = "send"  # nothing rises above this by itself
    target: Share = 0.92  # drafts sent unchanged, and the requester not back: what must be proved before sending
    min_reviewed: Annotated[int, Field(ge=1)] = 200  # and on so many reviewed drafts at least
    shadow_target: Share = 0.60  # the same for showing drafts at all
    min_shadowed: Annotated[int, Field(ge=1)] = 50
    error: Annotated[float, Field(gt=0.0, lt=0.5)] = 0.05  # chance that an intent which is not good enough ever rises
    margin: Share = 0.12  # a fall by so much below the target should be noticed soon
    floor: Share = 0.30  # fewer drafts of use than this: they go back into the shadow
    complaints: Share = 0.03  # of sent replies, that is still fine
    complaints_worse: Share = 0.12  # and that is not
    false_alarm_every: Annotated[int, Field(ge=10)] = 1000  # observations until a good one falls, on average, at least
    review_share: Share = 0.10  # of what could be sent, that a person still checks first
    settle_days: float = 3.0  # a requester who has not come back by then was helped
    look_seconds: float = 3600.0  # how often everything is weighed again, besides after each review

    @model_validator(mode="after")
    def _worse_is_worse(self) -> "Autonomy":
        if not (0.0 < self.target - self.margin < self.target < 1.0 and self.complaints < self.complaints_worse < 1.0):
            raise ValueError("wants 0 < target - margin < target < 1 and complaints < complaints_worse < 1")
        if not self.complaints > 0.0 or not 0.0 < self.floor < 1.0 or not 0.0 < self.shadow_target < 1.0:
            raise ValueError("complaints, floor and shadow_target lie between 0 and 1")
        return self


class Brakes(Rules):
    """What is still allowed while something holds Deskhand back; each lifts by itself when its cause is gone."""

    kill_switch: Brake = "draft"
    overload: Brake = "assist"
    budget: Brake = "assist"
    incident: Brake = "draft"
    overload_tickets: int = 2000  # so many due tickets, or a tenth of them and the oldest for so long; off at half
    overload_seconds: float = 900.0
    usd_per_day: Decimal = Decimal(0)  # UTC days and hours; 0 is no limit
    usd_per_hour: Decimal = Decimal(0)
    incident_minutes: float = 30.0
    incident_tickets: int = 8  # of one kind in that time, at least
    incident_chance: Annotated[float, Field(gt=0.0, lt=0.1)] = 1e-6  # a cluster is one when chance makes it rarer
    incident_over: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.02  # and none any more when chance would do
    incident_alike: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.55  # cosine from which on two tickets say alike things
    baseline_days: float = 14.0
    look_seconds: float = 5.0
    alike_seconds: float = 60.0  # how often tickets of late are compared by what they say

    @property
    def actions(self) -> dict[str, Brake]:
        """Return the most autonomous action by the brake's name."""
        named: dict[str, Brake] = {
            "kill_switch": self.kill_switch,
            "overload": self.overload,
            "budget": self.budget,
            "incident": self.incident,
        }
        return named


class Policy(Rules):
    """Everything an admin decides, in one object. `hash` stands in the ledger beside each decision."""

    answering: Answering = Answering()
    timing: Timing = Timing()
    thresholds: Thresholds = Thresholds()
    checking: Checking = Checking()
    context: Context = Context()
    limits: Limits = Limits()
    models: Models
    breaking: Breaking = Breaking()
    outage: Outage = Outage()
    retention: Retention = Retention()
    learning: Learning = Learning()
    knowledge: Knowledge = Knowledge()
    classifying: Classifying = Classifying()
    approval: Approval = Approval()
    autonomy: Autonomy = Autonomy()
    brakes: Brakes = Brakes()
    folders: dict[str, FolderSource] = {}  # by a name that stays the same: it stands in the ids of the documents
    teams: dict[str, Team] = {}
    intents: dict[str, Intent] = {}
    rules: dict[str, Rule] = {}
    hash: str = ""

    @model_validator(mode="after")
    def _references_exist(self) -> "Policy":
        known = set(self.teams) | {""}
        wrong = [f"intent {name}: team {i.team!r}" for name, i in self.intents.items() if i.team not in known]
        wrong += [f"rule {name}: team {r.team!r}" for name, r in self.rules.items() if r.team not in known]
        if self.answering.fallback_team not in known:
            wrong.append(f"answering.fallback_team {self.answering.fallback_team!r}")
        if wrong:
            raise ValueError(f"not among [teams]: {'; '.join(wrong)}")
        return self

    def with_models(self, classify: str, draft: str) -> "Policy":
        """Return the policy with other model names where they are given."""
        named = {"classify": classify or self.models.classify, "draft": draft or self.models.draft}
        return self.model_copy(update={"models": self.models.model_copy(update=named)})

    def autonomy_of(self, intent: str) -> str:
        """Return off, shadow, draft or send: the intent's pin, else the default."""
        entry = self.intents.get(intent)
        return (entry.autonomy if entry else None) or self.answering.default_autonomy

    def ceiling_of(self, intent: str) -> str:
        entry = self.intents.get(intent)
        return entry.ceiling if entry else "assist"

    def team_of(self, intent: str) -> str:
        entry = self.intents.get(intent)
        return (entry.team if entry else "") or self.answering.fallback_team

    def quiet_seconds(self, vendor: str) -> float:
        return self.timing.quiet_seconds.get(vendor, self.timing.quiet_seconds.get("default", 0.0))


FILES = ("policy.toml", "taxonomy.toml", "rules.toml")


def load_policy(folder: Path, instead: Mapping[str, Path] | None = None) -> Policy:
    """Read and check the policy files of a folder, some of them taken from elsewhere by name.

    Raise PolicyError naming every problem at once.
    """
    merged: dict[str, object] = {}
    digest = hashlib.sha256()
    for name in FILES:
        path = (instead or {}).get(name, folder / name)
        try:
            raw = path.read_bytes()
            part = tomllib.loads(raw.decode())
        except FileNotFoundError:
            if name == "rules.toml":
                continue
            raise PolicyError(f"{path}: missing") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise PolicyError(f"{path}: {error}") from None
        if doubled := merged.keys() & part.keys():
            raise PolicyError(f"{path}: {', '.join(sorted(doubled))} stands in another policy file already")
        merged |= part
        digest.update(raw)
    try:
        policy = Policy.model_validate(merged)
    except ValidationError as error:
        lines = [f"{'.'.join(str(p) for p in e['loc']) or folder.name}: {e['msg']}" for e in error.errors()]
        raise PolicyError(f"{folder}: " + "; ".join(lines)) from None
    return policy.model_copy(update={"hash": digest.hexdigest()[:16]})
