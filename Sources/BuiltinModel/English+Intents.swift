import Models

extension English {
    static let intents: RuleTable<Intent> = [
        Rule(
            .greeting,
            "(hi|hello|hey|hiya|howdy|greetings|yo|start|hola|bonjour|hallo|hei|ciao)",
            "(hi|hello|hey) (there|again|nanobot|bot|everyone|all|you|friend|assistant|hi|hello)",
            "good (morning|afternoon|evening|day)~",
            "(nice|pleased|good|glad) to meet you~"
        ),
        Rule(
            .thanks,
            "(thanks|thank you|thank|ty|cheers)",
            "(many thanks|thanks|thank you) ~",
            "(much appreciated|i appreciate it)",
            "(great|perfect|ok|okay|cool|nice|awesome) (thanks|thank you)~"
        ),
        Rule(
            .farewell,
            "(bye|goodbye|good bye|bye bye|good night|goodnight|cya|farewell)",
            "(bye|goodbye)~",
            "see (you|ya)~",
            "i (have to|must|need to) (go|leave)",
            "talk to you (later|soon)",
            "have a (good|nice|great) (day|night|evening|weekend|one)"
        ),
        Rule(
            .yes,
            "(yes|yeah|yep|yup|sure|ok|okay|of course|right|correct|exactly|agreed|fine)",
            "(true|yes please|go on|go ahead|great|cool|nice|good|wow|lol|haha|well done|good bot|perfect)"
        ),
        Rule(.no, "(no|nope|nah|not really|no thanks|no thank you|never mind|nevermind|wrong|false|stop|cancel|not yet|forget it)"),
        Rule(.wellbeing, "how are you~", "how is it going", "how are things~", "how do you do", "what is up", "(sup|wassup)", "you ok"),
        Rule(
            .identity,
            "who (are|r) you~",
            "what are you~",
            "what is your name",
            "your name",
            "who am i (talking|speaking|chatting) (to|with)",
            "(introduce|describe) yourself",
            "tell me (about|more about|something about) (yourself|you)",
            "are you (a|an|the) ~",
            "are you (real|human|chatgpt|gpt|claude|alive|conscious|smart|intelligent|online|there)",
            "what (model|llm|ai|bot) (are you|is this)~",
            "which (model|llm|ai) (are you|is this|am i )~",
            "what should i call you",
            "(how old|where) are you~",
            "(do you speak|what language do you speak|what languages do you speak)~",
            "who (made|built|created|wrote) you"
        ),
        Rule(
            .notes,
            "what (did|have) i (tell|told|ask|asked) you to (remember|note|keep in mind)",
            "what (should|must|do) you remember",
            "what (did|do) i (want|need) you to remember",
            "what have you (remembered|noted)",
            "what did you (remember|note|write down)",
            "(show|list|tell me|what are) my (notes|reminders)"
        ),
        Rule(
            .profile,
            "what (do|did|have|can) you (know|remember|learn|learned|recall) (about|of) me~",
            "what (do|can) you (remember|recall)~",
            "what (have|did) i (told|tell|said|say|shared|share) (to you|you|) about (me|myself)~",
            "what i told you about (me|myself)",
            "(tell me|everything|anything) (everything|what|all|) (you know|you remember|) (about|of) (me|myself)",
            "(say something|describe|all you know|) (everything|what|all|) (you know|you remember|) (about|of) (me|myself)",
            "describe me",
            "do you know (anything|something) about me",
            "what do you know",
            "do you know me",
            "do you remember me"
        ),
        Rule(
            .help,
            "help(| me)",
            "can you remember~",
            "(i need|need) (some|your|) help",
            "(can you|could you|will you|) help me(| out| please)",
            "what (can|could|do) you (do|answer|offer|support)~",
            "what can i (ask|do|say)~",
            "how can you help~",
            "what are your (capabilities|features|functions|skills)",
            "how (do you work|does this work|do i use you|do i use this)",
            "(commands|menu|usage|manual|options)",
            "how (do|can|should) i (connect|use|configure) (a|an|another|the) (real|other|better|different|) (model|llm|upstream)~",
            "how (do|can|should) i (set up|add|get) (a|an|another|the) (real|other|better|different|) (model|llm|upstream)~"
        ),
        Rule(
            .asked(.fromStart(1)),
            "what did i (ask|say|tell|write|send)(| to)(| you) (first|at first|initially|at the beginning|in the beginning|at the start)~",
            "what did i first (ask|say|tell|write)~",
            "how did (we|i|this conversation|this chat|the conversation) (start|begin)~",
            "what (did we start with|was first)",
            "what i (asked|said) first"
        ),
        Rule(
            "what did i (ask|say|tell|write|send)(| to)(| you) * (questions|question|messages) (ago|before|back|earlier)",
            "what did i (ask|say|tell|write|send)(| to)(| you) * (message|turns|turn|times) (ago|before|back|earlier)"
        ) { match in
            Position.number(match.keys()).map { .asked(.fromEnd($0)) }
        },
        Rule(
            "(what is|what was|what were|repeat|show|show me) (my|the) * (question|message|prompt|query)(| please| again| to you)",
            "(what is|what was|what were|repeat|show|show me) (my|the) * (request|sentence|thing|input)(| please| again| to you)",
            "(tell me|give me|quote|say|and|) (my|the) * (question|message|prompt|query)(| please| again| to you)",
            "(tell me|give me|quote|say|and|) (my|the) * (request|sentence|thing|input)(| please| again| to you)",
            "what my * (question|message|prompt|query|request) (is|was)",
            "(what is|what was|repeat) the * (question|message|thing|prompt|sentence) (that|which|) i (just|) (asked|said|sent)~",
            "(what is|what was|repeat) the * (question|message|thing|prompt|sentence) (that|which|) i (just|) (wrote|told|typed|did ask)~",
            "(show|show me|tell me|) the * (question|message|thing|prompt|sentence) (that|which|) i (just|) (asked|said|sent)~",
            "(show|show me|tell me|) the * (question|message|thing|prompt|sentence) (that|which|) i (just|) (wrote|told|typed|did ask)~",
            "what (is|was) (question|message|prompt) (number|no|nr|) *",
            "what (question|message) (number|no|nr|) * (was|is)(| about)",
            "what (is|was) the * (of|) my (questions|messages)"
        ) { match in Position(match.keys()).map { .asked($0) } },
        Rule(
            .asked(.fromEnd(1)),
            "what did i (just|) (ask|say|tell|write|send|mention)(| to)(| you)(| about)(| just now| now| before| before this| before that)",
            "what did i (just|) (ask|say|tell|write|send|mention)(| to)(| you)(| about)( last| last time| a moment ago)",
            "what did i (just|) (ask|say|tell|write|send|mention)(| to)(| you)(| about)( a minute ago| earlier| previously| right now)",
            "what (i|have i) (just|) (asked|said|told|wrote|written|sent)(| to)(| you)(| just now| before)",
            "what (i|have i) (just|) (asked|said|told|wrote|written|sent)(| to)(| you)( last| last time| earlier| a moment ago)",
            "what (was|is) i (asking|saying)~",
            "what was my question~",
            "what was i (just|) (asking|saying|talking about|telling)~",
            "(repeat|say again) (what i said|what i asked|my question|my message|it|me)~",
            "what i (just|) (asked|said)(| you)",
            "(what is|what was) my (last|previous) one"
        ),
        Rule(
            .answered,
            "what did you (just|) (say|answer|reply|tell me|write)~",
            "what (was|is) your (last|previous) (answer|message|reply|response)",
            "(repeat|say) what you (just|) said",
            "(repeat|say) (your last answer|your answer|that again|it again)",
            "(pardon|come again)"
        ),
        Rule(
            .count,
            "how many (questions|messages|things|times|prompts|requests|turns)~",
            "(count|number of|the number of) (my|the) (questions|messages)~",
            "what is the number of (my|) (questions|messages)~"
        ),
        Rule(
            .summary,
            "(summarize|recap|sum up|summary|tldr|tl dr|recapitulate)(| please| it| this| that| everything| so far)",
            "(summarize|recap|sum up|review|list) (our|the|this|my|all|all my) (discussion|conversation|chat|talk|questions|messages)~",
            "(show|show me|repeat|print|give me) (our|the|this|my|all|all my) (discussion|conversation|chat|talk|questions|messages)~",
            "(summarize|recap|sum up|review|list) (all of|all the|everything in this) (discussion|conversation|chat)~",
            "(summarize|recap|sum up|review|list) (all of|all the|everything in this) (talk|questions|messages)~",
            "(summarize|recap|sum up|review|list) (whole|the whole|all of our|) (discussion|conversation|chat|talk|questions|messages)~",
            "(show|show me|repeat|print|give me) (all of|all the|everything in this) (discussion|conversation|chat)~",
            "(show|show me|repeat|print|give me) (all of|all the|everything in this) (talk|questions|messages)~",
            "(show|show me|repeat|print|give me) (whole|the whole|all of our|) (discussion|conversation|chat|talk|questions|messages)~",
            "(summarize|recap|sum up|review|list) (our|the|this|my|all|all my) (session|history|thread|dialog|dialogue|topics)~",
            "(show|show me|repeat|print|give me) (our|the|this|my|all|all my) (session|history|thread|dialog|dialogue|topics)~",
            "(summarize|recap|sum up|review|list) (all of|all the|everything in this) (session|history|thread|dialog|dialogue|topics)~",
            "(summarize|recap|sum up|review|list) (whole|the whole|all of our|) (session|history|thread|dialog|dialogue|topics)~",
            "(show|show me|repeat|print|give me) (all of|all the|everything in this) (session|history|thread|dialog|dialogue|topics)~",
            "(show|show me|repeat|print|give me) (whole|the whole|all of our|) (session|history|thread|dialog|dialogue|topics)~",
            "(give|make|write|get|provide|create|do)(| me| us)(| a| the| an)(| short| quick| brief| full) (summary|recap|overview)",
            "(summary|recap|overview|summary please) (of|so far)~",
            "(tldr|tl dr) summary",
            "(give|make|write)(| me| us)(| a| the| an)(| short) (summary|recap|overview) (of|for|about) (our|the|this) ~",
            "(give|make|write)(| me| us)(| a| the| an)( quick| brief| full) (summary|recap|overview) (of|for|about) (our|the|this) ~",
            "(provide|create|do)(| me| us)(| a| the| an)(| short) (summary|recap|overview) (of|for|about) (our|the|this) ~",
            "(provide|create|do)(| me| us)(| a| the| an)( quick| brief| full) (summary|recap|overview) (of|for|about) (our|the|this) ~",
            "(give|make|write)(| me| us)(| a| the| an)(| short) (summary|recap|overview) (of|for|about) (my|everything|what|all) ~",
            "(give|make|write)(| me| us)(| a| the| an)( quick| brief| full) (summary) (of|for|about) (my|everything|what|all) ~",
            "(give|make|write)(| me| us)(| a| the| an)( quick| brief| full) (recap|overview) (of|for|about) (my|everything|what|all) ~",
            "(provide|create|do)(| me| us)(| a| the| an)(| short) (summary|recap|overview) (of|for|about) (my|everything|what|all) ~",
            "(provide|create|do)(| me| us)(| a| the| an)( quick| brief| full) (summary) (of|for|about) (my|everything|what|all) ~",
            "(provide|create|do)(| me| us)(| a| the| an)( quick| brief| full) (recap|overview) (of|for|about) (my|everything|what|all) ~",
            "what (have|did|were|are|had) we (been|) (talk|talked|talking|discuss|discussed|discussing|chat|chatted)~",
            "what (have|did|were|are|had) we (been|) (chatting|say|said|speak|spoken|cover|covered|do|done)~",
            "what (was|is) (this|our|the) (conversation|discussion|chat) (about|so far)~",
            "what (has|was) (happened|been said|said|discussed)~",
            "(list|summarize|recap|sum up|remind me|repeat|show me|show) (everything|what|all) (that|) (we|i|you and i) ~",
            "what did (you and i|you and me) (talk|discuss)~",
            "where were we",
            "(summarize|recap) (what|everything) ~",
            "list (everything|all|them all|all of it)",
            "what are (all|) my questions~",
            "what questions (have|did) i (asked|ask)~",
            "what have i (asked|said|told)(| you)(| so far| until now| up to now| to date)"
        ),
        Rule(
            .recall(FactQuestion("name", label: "your name")),
            "what am i called",
            "how am i called",
            "(do you know|know|guess) who i am called",
            "say my name"
        ),
        Rule(.recall(FactQuestion("who", label: "who you are")), "who am i", "who i am", "you know who i am"),
        Rule(
            .recall(FactQuestion("home", label: "where you live")),
            "where (do i live|i live|am i living|am i based|is my home|do i reside|am i|i am)",
            "(what|which|in which|in what) (city|town|country|place) (do i live|am i|am i living)(| in)"
        ),
        Rule(
            .recall(FactQuestion("origin", label: "where you are from")),
            "where (am i from|i am from|do i come from|i come from)",
            "(what|which) (country|city|town) (am i|do i come) from"
        ),
        Rule(
            .recall(FactQuestion("i was born", label: "when and where you were born")),
            "(when|where|in which year|what year|in what year) (was i|i was) born"
        ),
        Rule(.recall(FactQuestion("age", label: "how old you are")), "how old (am i|i am)", "what age am i"),
        Rule(
            .recall(FactQuestion("job", label: "what you do")),
            "what (do i do|i do)(| for a living| for work| as a job)",
            "what (do i work|i work) as",
            "where (do i|i) work",
            "(what|who) (am i|do i work for)",
            "what kind of (job|work) do i (have|do)"
        ),
        Rule("what (do i|i|else do i) *", "do i *", "(what|which|how many) * do i *") { match in
            let words = match.keys(match.captures.count - 1)
            guard let verb = words.first, verbs.contains(verb) else { return nil }
            return .recall(FactQuestion(Fact.verbKey(verb), label: "what you \(verb)"))
        },
        Rule(
            "what is the name of (my|our) *",
            "what (is|are) (my|our) * (called|named)",
            "what do i call (my|our) *",
            "how is (my|our) * called"
        ) { match in
            .recall(FactQuestion(FactKey.key(for: match.keys() + ["name"]), label: "the name of your \(match.text())"))
        },
        Rule(
            .time,
            "what time (is it|it is|is now|is it there|do you have)~",
            "what (is|s) the (time|current time|utc time|exact time|time utc)~",
            "(the |)(time|current time|utc time|time please)",
            "do you (have|know) (the|what) time~",
            "(tell|give) (me|us) the (time|current time)",
            "time now"
        ),
        Rule(.year, "(what|which) (year|current year)~", "what is the (current |)year~"),
        Rule(
            "what (is|was|will be|) (the|) (date|day|weekday|day of the week|) (is|was|will be|) (today|tomorrow)(| 's date| 's day)",
            "what (is|was|will be|) (the|) (date|day) (is|was|will be|) (yesterday|it today|it tomorrow)(| 's date| 's day)",
            "what (is|was|will be|) (the|) (weekday|day of the week|) (is|was|will be|) (yesterday)(| 's date| 's day)",
            "what (is|was|will be|) (the|) (weekday|day of the week|) (is|was|will be|) (it today|it tomorrow)(| 's date| 's day)",
            "what (day|date|weekday) (is|was|will be) (it|) *",
            "what (is|was) * 's (date|day|weekday)"
        ) { match in
            guard match.captures.isEmpty else { return dayOffsets[match.keys().last ?? ""].map { .date(dayOffset: $0) } }
            let words = match.clause.tokens.map(\.key)
            return .date(dayOffset: words.contains("tomorrow") ? 1 : words.contains("yesterday") ? -1 : 0)
        },
        Rule(
            .date(dayOffset: 0),
            "(what|which) (day|date|weekday|day of the week|month) (is it|is this|are we|it is|is now)~",
            "what is (the|) (date|day|current date|weekday|day of the week|month|utc date|current day)~",
            "(the |)(date|today|current date|todays date|today 's date|date please|day)",
            "(tell|give) (me|us) (the|today 's) (date|day)~",
            "(is it|is today) (monday|tuesday|wednesday|thursday|friday|saturday|sunday)~"
        ),
        Rule(
            "(when|where|who) (is|are) (my|our) *",
            "what (did|have) i (tell|told) you about (my|our) *",
            "what do you know about (my|our) *"
        ) { match in .recall(FactQuestion(about: match.keys(), label: "about your \(match.text())")) },
        Rule(
            "what (is|are|was|were) (my|our) *",
            "what (my|our) * (is|are|was|were)",
            "(my|our) * (is|are) (what|who|where|when)",
            "(is|are) (my|our) *",
            "how (is|are|old is|tall is|big is) (my|our) *"
        ) { match in .recall(FactQuestion(about: match.keys(), label: "your \(match.text())")) },
        Rule("(what|which) * (is|are) (my|our) *") { match in
            .recall(FactQuestion(about: match.keys(1), label: "the \(match.text()) of your \(match.text(1))"))
        },
        Rule("(my|our) * (was|is)", "(my|our) *") { match in
            guard match.clause.isAsked || asking.contains(match.clause.tokens[0].key), verbsOfBeing.isDisjoint(with: match.keys()) else {
                return nil
            }
            return .recall(FactQuestion(about: match.keys(), label: "your \(match.text())"))
        },
        Rule("(what|where|when|who) (is|are|was) the *") { match in
            guard match.captures[0].count <= 8, match.keys().last != "like" else { return nil }
            return .recall(FactQuestion(about: match.keys(), label: "the \(match.text())"))
        },
    ]

    private static let verbsOfBeing: Set = ["is", "are", "was", "am"]
    private static let asking: Set = ["do", "did", "have", "tell", "what", "remind", "can", "could", "you", "say", "i", "would", "will"]
    private static let dayOffsets = ["today": 0, "tomorrow": 1, "yesterday": -1]
}
