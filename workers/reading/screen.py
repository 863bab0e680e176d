"""A screen for orders addressed to an assistant. Pure, and modest: it raises suspicion, policy in code decides.

"ignore", "password", "system" and "rules" are ordinary words in support. What counts is an order to drop or show
instructions, a role to play, words addressed to a machine, forged turns, or text hidden from the reader's eyes.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Iterator

from workers.patterns import fold

_W = r"\W+(?:\w+\W+)"  # then up to n other words

_OVERRIDE = (
    rf"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget|override|overwrite|bypass|neglect|drop all|(?:do not|dont"
    rf"|stop) (?:follow|following|obey|obeying)){_W}{{0,5}}?"
    r"(?:instructions?|prompts?|directives?|guidelines?|programming|assignments?|commands? (?:above|given))\b",
    rf"\b(?:ignore|disregard|forget|override|overrule|bypass|drop|break){_W}{{0,3}}?(?:your|all|any|previous|prior"
    rf"|earlier|these|those){_W}{{0,2}}?(?:rules|restrictions|constraints|policies|policy|orders|training"
    rf"|limitations|filters)\b(?! (?:in|on|for|of) (?:my|the|our))",
    r"\b(?:ignore|disregard|forget)\W+(?:about )?(?:everything|anything|all)\W+(?:of )?(?:\w+\W+){0,2}?(?:above"
    r"|before|beforehand|previous|prior|told|said|discussed|learned|written|write|i said|that came|and)\b",
    r"\b(?:forget|ignore) everything\b[^.\n]{0,30}(?:,|\band\b|:)",
    r"\bignorier\w*\b.{0,50}\b(?:anweisung|instruktion|vorgabe|regel|befehl|prompt)|\b(?:vergiss|vergessen sie"
    r"|missachte)\b.{0,40}(?:anweisung|instruktion|vorgabe|regeln|befehl|prompt|alles\b)|\b(?:nun|jetzt) (?:folgen"
    r"|kommen|bist du)\b.{0,20}(?:aufgabe|anweisung|instruktion|$|\w+,)|\bausfuhrungen ignorieren",
    r"\b(?:abweichend|entgegen) (?:zu|von|der|den|allen)\b.{0,25}(?:anweisung|instruktion|vorgabe)"
    r"|\bneue (?:anweisung|aufgabe|instruktion)(?:en)?\s*:",
    r"\b(?:ignora|ignore|ignorar|olvida|olvide|olvidate|omite|omita|haz caso omiso)\b.{0,40}\b(?:instrucciones"
    r"|indicaciones|reglas|ordenes|directrices|todo (?:lo )?que)\b",
    r"\b(?:ignore[zsr]?|oublie[zsr]?|ne tiens pas compte|ne tenez pas compte)\b.{0,40}\b(?:instructions|consignes"
    r"|directives|regles)\b",
    r"\b(?:ignora|dimentica|ignorate)\b.{0,40}\b(?:istruzioni|regole|indicazioni)\b|\b(?:ignore|esqueca"
    r"|desconsidere)\b.{0,40}\b(?:instrucoes|regras|comandos)\b",
    r"\b(?:negeer|vergeet)\b.{0,40}\b(?:instructies|regels|opdrachten)\b|\b(?:zignoruj|zapomnij"
    r"|pomin)\b.{0,40}(?:instrukcj|polece|wytyczn)|\b(?:zaboravi|ignorisi|ignoriraj)\b.{0,30}(?:instrukcij|upute)",
    r"(?:игнорируи|игнорируй|забудь|забудьте|проигнорируи)\w*.{0,40}(?:инструкци|указани|правил)|(?:忽略|无视"
    r"|忘记).{0,15}(?:指令|指示|说明|规则|提示)|(?:指示|命令|ルール).{0,12}(?:無視|忘れ)",
    r"\b(?:onceki|tum) .{0,20}talimatlari? (?:yok say|unut|goz ardi)",
)
_REVEAL = (
    rf"\b(?:print|show|reveal|repeat|output|display|dump|leak|translate|spell|write|give|tell|send|share|list|paste"
    rf"|expose|disclose|recite|summari[sz]e|what (?:is|are|was|were)|put|check){_W}{{0,8}}?"
    r"(?:system prompts?|system message|prompt text|(?:initial|original|hidden|secret|internal|full|above|previous"
    r"|first|whole|entire|your|all) (?:system )?(?:prompts?|instructions?)(?! (?:for|to|on|about|from|manual|above"
    r"|below|that|given|and|but|i|in))|hidden rules|hidden guidelines|internal guidelines|internal rules)",
    r"\b(?:rules|instructions|guidelines|prompt|orders) (?:were|are|have|did|was) you (?:been )?(?:given|get|got"
    r"|told|follow|receive)",
    r"\b(?:output|print|reveal|show|dump|tell me|give me)\W+(?:\w+\W+){0,2}?your (?:own )?(?:configuration|config"
    r"|guidelines|rules|programming|source code|api keys?|secrets?)\b",
    r"\brepeat (?:the|all|every)?\W*(?:\w+\W+){0,2}?(?:text|words|everything|anything|lines?|content)? ?(?:above"
    r"|before this)",
    r"\bsystem ?prompt\b|\bsystem-prompt|\bprompt[_ ]text\b|\binitial prompt\b",
    r"\b(?:list|show|give|send|tell)\W+(?:\w+\W+){0,5}?(?:other|last \w+|all|previous) (?:customers|users"
    r"|clients)\W+(?:\w+\W+){0,6}?(?:e-?mails?|address|data|talked|names|names?)",
    r"\bforward\W+(?:\w+\W+){0,3}?internal notes?",
)
_ROLE = (
    r"\byou are now (?:an?|the|in|going to be|my|free|no longer|called|dan|entering|acting"
    r"|operating)\b(?! (?:inbox|folder|screen|page))|\bnow you are [a-z]+ [a-z]+, how",
    r"(?<!to )\b(?:act|behave|respond|answer|function|operate|speak|reply|talk)\W+(?:\w+\W+){0,3}?(?:as if you"
    r"|as though you|as an? (?!result|reply|attachment|user|workaround|whole|separate|new|pdf|link|plain|html"
    r"|popup|rule)\w+|like an? (?!charm|normal)\w+ (?:would|who|that)|as dan|as my|in the role)",
    r"\b(?:pretend|imagine)\W+(?:to be|you are|youre|that you|you can|you have|being)\b|\broleplay|\brole-play"
    r"|\brole play\b|\bplay the role\b|\bin character\b|\btake on the (?:role|persona)|\bpersona\b.{0,60}\byou\b"
    r"|\byour persona\b",
    r"\b(?:lets|let us) play a game\b|\bfrom now on,? (?:you|your|answer|respond|ignore|every|i want you|act|speak"
    r"|reply)",
    r"\bi want you to (?:act|pretend|take|simulate|be|ignore|write|respond|answer|imagine|become|play|behave"
    r"|create|generate|forget)|\bi (?:want|need) you to (?:roleplay|tell me how)",
    r"\byou (?:will|must|shall|should|are going to|have to) (?:now )?(?:act|pretend|play|impersonate|roleplay"
    r"|simulate|comply|obey|respond as|answer as|never refuse|stay in|always (?:answer|respond|reply|comply))\b",
    r"\b(?:dan|jailbreak|jailbroken|developer) mode\b|\bjailbr[eo]|\bdo anything now\b|\bas (?:dan|chatgpt"
    r"|an ai (?:language )?model)\b|\bai language model\b|\blarge language model\b"
    r"|\bhypothetical (?:language )?(?:model|ai|story|response)\b",
    r"\b(?:no|without|free of|free from|bypass|not bound by)\W+(?:any |all |ethical |moral |these "
    r"|content )*(?:restrictions|limitations|limits|filters|censorship|ethical|moral|guidelines) (?:at all"
    r"|whatsoever|or|and|on|anymore)?",
    r"\bchatgpt\b.{0,200}\b(?:you are|you will|you must|your|pretend|act)\b|\b(?:hi|hello|hey|dear|ok"
    r"|okay) (?:chatgpt|gpt|claude|gemini|ai|assistant|bot|chatbot)\b|\bas dan,",
    r"\bstell dir vor,? (?:du (?:bist|warst|seist)|sie (?:sind|waren))|\bdu bist (?:jetzt|nun|ab jetzt|ab sofort"
    r"|kein|eine? (?:bose|ki|kunstliche|chatbot|assistent))|\b(?:mochte|will),? dass (?:du|sie) (?:als|so"
    r"|die rolle|eine)|\bspiele? die rolle|\bverhalte dich|\bagiere? als|\bantworte?n? (?:sie )?im stil"
    r"|\bab (?:jetzt|sofort) (?:bist|antwortest|sollst)",
    r"\bactua como|\bhaz(?:te)? pasar por|\bfinge (?:que|ser)|\bahora eres\b|\ba partir de ahora (?:eres|responde)"
    r"|\bagis comme|\bfais semblant|\btu es (?:maintenant|desormais)|\ba partir de maintenant,? tu"
    r"|\bcomportati come|\bfingi di",
)
_ADDRESSED = (
    r"\b(?:note|message|instructions?|attention|reminder|information|hint|task) (?:to|for)(?: the| any| all| our"
    r"| your)? (?:ai|a\.i|assistants?|bots?|chatbots?|llms?|language models?|model|automated (?:system"
    r"|assistant))\b",
    r"\bif (?:an?|the|any|you(?: are|re)?)(?: an?)? (?:automated |automatic |ai |virtual |digital )?(?:assistant"
    r"|bot|ai|chatbot|language model|llm|model)\b[^.\n]{0,40}\b(?:read|process|handl|see|summari|answer|respond"
    r"|reply|reading)",
    r"\b(?:assistant|ai|chatbot|bot|model)\s*:\s*(?:sure|ok|yes|of course|certainly|add|ignore|do|i have|please"
    r"|send|always|the)\b",
    r"<\|/?(?:im_start|im_end|system|endoftext|assistant|user)\|?>|<(?:im_start|im_end)>|<<sys>>|\[/?inst\]"
    r"|\[/?system\]|\{\{#?(?:system|user|assistant)|</?(?:ticket|prompt|instructions?|conversation|context"
    r"|message|document|user_input|assistant|system)>",
    r"(?m)^\W*(?:#{2,}|\*{2,}|={3,}|-{3,}|\[)\s*(?:system|assistant|instructions?|new instructions?"
    r"|admin(?:istrator)?|override|important instructions?)\b\s*[:\]#*=-]",
    r"(?:^|[.!?\n\]]\s*)(?:system|system message|system note|system override|admin override)\s*:\s*(?:you"
    r"|the (?:customer|user|assistant|following|above)|new|ignore|override|grant|policy|all|from|this|please)\b",
    r"\b(?:new|additional|updated|special|important|real|next|following) (?:instructions?|tasks?|rules?"
    r"|directives?|orders?) ?(?:for (?:the|you|this)[^:\n]{0,25})?\s*[:-]|\badditional instruction\b"
    r"|\binstruction\s*:\s",
    r"\bend of (?:the )?(?:ticket|prompt|conversation|document|user (?:input|message)|instructions?|text"
    r"|context)\b\W|(?:observation|tool result|tool output|function result|final answer)\s*:",
    r"\b(?:do not|dont|never) (?:escalate|hand over|hand off|pass|tell|inform|involve"
    r"|notify)\b[^.\n]{0,40}\b(?:human|person|staff|agent|anyone|supervisor)",
    r"\bnow focus on (?:your|a|the) new\b|\bstop\W{1,4}(?:new task|write|say|instead)|\byour (?:new|next|real"
    r"|actual|only) (?:task|job|goal|purpose|instruction|mission|role) is\b|\bwell done!? (?:now|but|forget)",
)
_DEMAND = (
    r"\b(?:modify|alter|adjust|change|rewrite|encode|encrypt|jumble|scramble|shuffle|structure|format|phrase|craft"
    r"|compose|provide|write|give|conclude|begin|start|end|finish|reverse|replace)\W+(?:\w+\W+){0,6}?(?:your"
    r"|the) (?:entire |whole |next |final )?(?:answer|reply|response|output|message) (?:to|using|by|with|in|as|so"
    r"|into|backwards?|exclusively|only)\b",
    r"\b(?:augment|enhance|supplement|enrich|scramble|combine|group|render|misspell|rearrange|replace|introduce"
    r"|apply|convert|translate|reverse|substitute|capitalize|infuse|amend|adapt|revise"
    r"|tailor)\W+(?:\w+\W+){0,6}?your (?:answers?|repl(?:y|ies)|responses?|output|message)\b",
    r"\bin your (?:response|reply|answer|output)\W{1,3}(?:please )?(?:suggest|use|include|mention|tell|tease|claim"
    r"|state|recommend|ask|encourage|promote|write|say|always|pretend|add)\b|\b(?:letters|words|vowels) (?:of"
    r"|in) your (?:answer|response|reply)",
    r"\b(?:respond|reply|answer)\W+(?:to )?(?:all|every|each)\W+(?:of )?(?:my |the )?(?:questions?|prompts?"
    r"|messages?|inputs?)\b|\bai (?:called|named)\b|\byour instructions are\b",
    r"\b(?:add|include|insert|integrate|incorporate|embed|append|put|place|mention|inject"
    r"|weave)\W+(?:\w+\W+){0,12}?(?:in|into|to|at the end of|within|throughout) (?:your|the) (?:reply|response"
    r"|answer|output|email response|summary|draft)\b(?!\W*please)",
    r"\b(?:reply|respond|answer|output|say|print|write)\W+(?:\w+\W+){0,2}?(?:only|just|exclusively|nothing but"
    r"|solely)\W+(?:with|in|the|\"|')|\bsay (?:only )?the word\b|\b(?:just|instead|only|now|and|then) (?:output"
    r"|print|write|say|answer)\s*[:,]?\s*[\"“„][^\"”“\n]{2,}",
    r"\b(?:customer|user|sender|account|identity)(?:_| )?(?:has been |is |was |=|\": ?)(?:already "
    r"|now )?verif(?:ied|y)|customer_verified|\bskip (?:the |any |all )?(?:\w+ )?(?:identity |security )?(?:check"
    r"|verification)|\bgrant all\b|\bmust (?:now )?(?:approve|comply|grant|obey)\b|\bapprove (?:every|all"
    r"|my) (?:refund|request)|\bi (?:hereby )?authori[sz]e you\b|\brefund_limit",
    r"!\[[^\]\n]{0,80}\]\(\s*https?:|\breplace \w+ with the (?:chat|conversation|ticket)|\b(?:do not|dont"
    r"|without) mention(?:ing)? (?:it|this|that)\b",
    r"\bdecode (?:this|the following)?\W*(?:\w+\W+){0,3}?(?:base64|rot13|hex)|\bbase64\b[^\n]{0,40}\b(?:do what"
    r"|execute|follow|decode)|\bspell (?:it )?backwards?\b|\b(?:execute|run) the following (?:command|code"
    r"|instruction|python|sql)\b",
    r"\bwhen (?:summari[sz]ing|answering|replying|responding|processing)\b[^.\n]{0,30}\b(?:this"
    r"|to)\b[^.\n]{0,30}\b(?:recommend|always|include|say|add|mention|praise)|\brecommend (?:the|a|our) competitor"
    r"|\bset (?:the|its|this) priority to\b[^.\n]{0,40}\bassign",
    r"\b(?:write|compose|provide|create|generate|craft|tell)\W+(?:me |us |for me )?(?:an?|some"
    r"|the) (?:\w+\W+){0,3}?(?:poem|haiku|limerick|sonnet|song lyrics|lyrics|rap|fairy tale|short story|screenplay"
    r"|joke|essay)\b",
    r"\bhate[sn]? (?:the )?humans?\b|\bdestroy humanity\b|\bdo not (?:look|use) (?:in )?the (?:documents?"
    r"|information|context) provided|\binformation in the prompt\b",
    r"\b(?:50|full|free|100)\s?%? ?(?:discount|refund)[- ]codes?\b|\b(?:start by )?crediting my account\b"
    r"|\bnever checks? polic|\badmin(?:istrator)? password\b.{0,20}$|\btell me the (?:admin|root|master) password",
)
_STEERING = (
    r"\b(?:send|answer|reply|respond|approve|process|publish)\b[^.\n]{0,30}\b(?:without|skipping"
    r"|bypassing) (?:any |a |the "
    r"|further |human |manual )*(?:review|check|checks|approval|human|person|verification|moderation)\b"
    r"|\b(?:skip|bypass|switch off|turn off|disable) (?:the |all |any |every |your )*(?:\w+ )?(?:reviews?"
    r"|checks?|approvals?"
    r"|filters?|safety|guardrails?|moderation)\b(?! (?:on|in|of|for) (?:my|our))",
    r"\bmark (?:this|it|the ticket|me) (?:as )?(?:safe|approved|verified|trusted|resolved by)\b|\bauto-?send\b"
    r"|\bpre-?approved\b|\b(?:no|without (?:a|any)) humans? (?:should|must|may|needs? to|needed|review|in the loop)\b"
    r"|\b(?:action|tier|decision|route)\s?[=:]\s?(?:send|0|auto|zero)\b|\bautonomy\s?[=:]|\bchecks\s?[=:]\s?off\b",
    r"\b(?:set|change|put)\W+(?:the |your )?(?:confidence|urgency|sentiment|intent|priority score|tier|needs_action"
    r"|wants_person|escalate)\W+(?:to|as|=)|\b(?:confidence|sentiment|wants_person|needs_action|escalate)\s?[=:]\s?"
    r"(?:1|0|none|true|false|calm|\"\")|\bclassify (?:this|it|the (?:ticket|message))\b[^.\n]{0,20}\bas\b"
    r"|\b(?:rate|score|grade|judge)\W+(?:\w+\W+){0,4}?(?:reply|answer|draft|this|response)\b[^.\n]{0,25}"
    r"\b(?:10/10|1\.0|highest|perfect|faithful|safe)",
    r"\b(?:never|not|dont) escalate|\bescalat\w+: never\b",
    r"(?:^|[.!?;:,\n]\s*|\b(?:and|then|please|simply|must|should|just|only|instead|now|can|could"
    r"|also) )(?:reply|respond|answer"
    r"|write|say|state|output)(?: (?:to (?:the customer|me|them|him|her)|again|only|exactly|just|with|that|this"
    r"|back))+:?"
    r" (?:the (?:words?|sentence|text|line|phrase):? )?[\"“„«]|\b(?:answer|reply|response|message) (?:could "
    r"|should |must )?"
    r"(?:start|begin|end|open|close)s? with\b[^.\n]{0,20}[\"“„«]|\b(?:please )?(?:state|mention|write"
    r"|tell \w+(?: \w+)?) that [\"“„«]"
    r"|\b(?:by writing|instead:?|simply answer with|always (?:wrote|says?)) [\"“„«]",
    r"\b(?:include|add|insert|append|embed|mention)\W+(?:\w+\W+){0,6}?(?:https?://|www\.|//|<img"
    r"|!?\[[^\]\n]*\]\()[^\n]{0,120}?"
    r"\b(?:to|in|into|of|at the end of) (?:your|the|each|every|all) (?:repl(?:y|ies)|answers?|responses?|messages?)\b"
    r"|\blink to \[[^\]\n]*\]\([^)\n]*\) in (?:the|your) (?:answer|reply)|\b(?:repl(?:y|ies)|answers?"
    r"|responses?)\b[^\n]{0,40}"
    r"\b(?:must|should|has to) (?:include|contain|link)\b[^\n]{0,40}https?:|\b(?:agents?|assistants?"
    r"|bots?) must (?:include|add)\b"
    r"|\b(?:include|insert|add) (?:a link |the url |the link )?https?://\S+ (?:in (?:your|the) (?:reply|answer)"
    r"|followed by|please$|please\.|so the)\b"
    r"|<img [^>]{0,200}>"
    r"[^\n]{0,60}\b(?:your|the) (?:message|reply|answer)",
    r"\b(?:forward|send|copy|leak|mail|bcc) (?:a copy of )?(?:this|the|all|every) (?:conversation|thread|ticket"
    r"|chat|messages?|data)"
    r"\b[^.\n]{0,30}(?:\bto\b[^.\n]{0,20}@|@)",
    r"\b(?:quote|print|show|give|list|translate|repeat)\b[^.\n]{0,50}\b(?:internal notes?|restricted (?:article"
    r"|document|page)s?"
    r"|other (?:customer|user|requester)s?\b|first line of your|canary)",
    r"\bother customer\b[^.\n]{0,60}\b(?:write|wrote|say|said|e-?mail|data|address)\b",
    r"\byour (?:own )?(?:system ?prompt|system instructions?|hidden instructions?|prompt)\b"
    r"|\bmaintenance mode\b.{0,40}\breply\b",
    r"\bas your (?:administrator|admin|operator|developer|creator|owner)\b|\bi am (?:the|your) (?:developer"
    r"|creator|administrator"
    r"|admin|operator) (?:who|of you|and i order)|\byour operator has\b|\bautomated agents? must\b"
    r"|\bmessage from (?:anthropic|openai)",
    r"</?(?:passages?|facts|asks?|thread|turns?|intents|candidates|judge|draft)>|<(?:policy|rule"
    r"|interaction-config|override)\b"
    r"|\"override\"\s*:\s*true|\bbegin (?:signed )?directive\b",
    r"\b(?:zeige?|nenne|gib|wiederhole|verrate)\b.{0,30}\b(?:systemanweisung|systemprompt|system-prompt|prompt"
    r"|deine anweisungen)"
    r"|\b(?:muestra|revela|repite)\b.{0,30}\b(?:prompt|instrucciones)\b|\b(?:affiche|revele"
    r"|repete)\w*\b.{0,30}\b(?:prompt"
    r"|instructions|consignes)\b|\b(?:ripeti|mostra|rivela)\b.{0,30}\b(?:prompt|istruzioni)\b"
    r"|\b(?:no escales|ne pas escalader|nicht eskalieren|non inoltrare a)\b"
    r"|\b(?:talimatlar\w*|talimati)\b.{0,20}\b(?:yok say|unut|gormezden gel)",
)
_FAMILIES = {
    "override": _OVERRIDE,
    "reveal": _REVEAL,
    "role": _ROLE,
    "addressed": _ADDRESSED,
    "demand": _DEMAND,
    "steering": _STEERING,
}
_COMPILED = {
    name: re.compile("|".join(f"(?:{p.replace('(?m)', '')})" for p in patterns), re.MULTILINE)
    for name, patterns in _FAMILIES.items()
}
_HIDDEN_ORDER = re.compile(
    r"\b(?:assistant|ai|chatbot|bot|llm|language model|system prompt|summari[sz]e|summari[sz]ing|reply|respond"
    r"|answer|instructions?|ignore|recommend|approve|refund|escalate|you must|your (?:reply|response|answer))\b"
)
# Letters of other alphabets that look like Latin ones, and those of full width.
_LOOKALIKE = str.maketrans("аеорсухіѕјԁһӏԛѡкмтнвгѵαοεικνρυχτ", "aeopcyxisjdhlqwkmthbrvaoeikvpuxt")
_MIXED = re.compile(r"\b(?=\w*[a-z])(?=\w*[\u0370-\u03ff\u0400-\u052f])\w+")
_HEX = re.compile(r"\b(?:[0-9a-f]{2}[ :]?){12,}\b", re.IGNORECASE)
_SAYS_ROT13 = re.compile(r"\brot-?13\b|\bcaesar\b")
_SAYS_BACKWARDS = re.compile(r"\bbackwards?\b|\brevers|\bruckwarts\b|snoitcurtsni|tpmorp|erongi\b")
_BASE64 = re.compile(r"\b[A-Za-z0-9+/]{24,}={0,2}")
_SPACED = re.compile(r"(?:\b\w[ ._-]{1,3}){7,}\w\b")
_RUN_TOGETHER = re.compile(r"(?:ignore|disregard|forget)\w{0,12}(?:previous|prior|above|instruction)|systemprompt")
_LEET_WORDS = 3  # one "w1n10" is a name, several words spelt so hide something
_LEET = str.maketrans("013457@$", "oieast" + "as")
_LEET_WORD = re.compile(r"\b(?=\w*[a-z])(?=\w*[013457@$])[a-z013457@$]{4,}\b")
_MAX_CHARS = 20_000


def suspicions(text: str, hidden: str = "") -> tuple[str, ...]:
    """Return the families of injected orders that a text shows: override, reveal, role, addressed, demand, hidden...

    `hidden` is what the reader was not meant to see. An order to anybody is suspicious there.
    """
    plain = " ".join(fold(text[:_MAX_CHARS]).replace("’", "'").split(" "))
    found = {name for name, pattern in _COMPILED.items() if pattern.search(plain)}
    for disguise, undone in _undisguised(text[:_MAX_CHARS], plain):
        if _RUN_TOGETHER.search(undone) or any(pattern.search(undone) for pattern in _COMPILED.values()):
            found.add(disguise)
    if hidden and (_HIDDEN_ORDER.search(fold(hidden[:_MAX_CHARS])) or suspicions(hidden)):
        found.add("hidden")
    return tuple(sorted(found))


def _undisguised(text: str, plain: str) -> Iterator[tuple[str, str]]:
    """Yield readings of what was spaced out, respelt, encoded or turned round."""
    if spaced := _SPACED.findall(plain):
        yield "spaced", " ".join(re.sub(r"(?<=\w)[ ._-](?=\w)", "", run) for run in spaced)
    if len(_LEET_WORD.findall(plain)) >= _LEET_WORDS:
        yield "digits", _LEET_WORD.sub(lambda word: word[0].translate(_LEET), plain)
    if len(_MIXED.findall(plain)) >= 2:
        yield "lookalikes", plain.translate(_LOOKALIKE)
    if _SAYS_ROT13.search(plain):
        yield "encoded", codecs.decode(plain, "rot13")
    if _SAYS_BACKWARDS.search(plain):
        yield "backwards", plain[::-1]
    for data in (*map(_unbase64, _BASE64.findall(text)[:20]), *map(_unhex, _HEX.findall(text)[:20])):
        if data.isascii():
            yield "encoded", fold(data.decode("ascii"))


def _unbase64(run: str) -> bytes:
    try:
        return base64.b64decode(run + "=" * (-len(run) % 4))
    except (binascii.Error, ValueError):
        return b""


def _unhex(run: str) -> bytes:
    return bytes.fromhex(re.sub(r"[ :]", "", run))
