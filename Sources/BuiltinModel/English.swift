/// The built-in model's English.
enum English {
    private static let meanings: [(Meaning, StaticString)] = [
        (.greeting, "(hi|hello|hey|start)(there|again|nanobot|)\ngood (morning|afternoon|evening|day)"),
        (.courtesy("You are welcome."), "(many|great|ok|)(thanks|thank you)~"),
        (.courtesy("Goodbye!"), "(bye|goodbye|good bye|good night|see you)~"),
        (.courtesy("All right."), "(yes|sure|ok|okay|right|fine|good|great)"),
        (.courtesy("All right, then not."), "(no|not really|never mind)"),
        (.say("I am fine, thank you. How are you?"), "how are you~"),
        (.say(identity), "(who|what) (are|made) you~\nwhat is your name\nare you (a|an|human|real|chatgpt|gpt)~"),
        (
            .say("\(abilities) I am nanobot's built-in model, small and rule-based. \(connecting)"),
            "help (me|)\nwhat can (you|i) (do|ask|say)~"
        ),
        (.notes, "what (did|have) i (tell|told|ask|asked) you to (remember|note|keep in mind)"),
        (.profile, "(what|everything)(do|)you (know|remember)(about|of) me~\nwhat (did|have) i (tell|told) you about (me|myself)~"),
        (.asked(1), "what did i (ask|say|tell)(you|)(first|at the beginning)\nhow did (we|i|our conversation|this) (start|begin)"),
        (.nthFromEnd, "what did i (ask|say)(you|) * (questions|question|messages|message) (ago|before)"),
        (.nthFromEnd, "(what was|what is|repeat|) my * to last (question|message)"),
        (.asked(-1), "what (did i|i)(just|)(ask|say|tell|send|asked|said|told)(you|)(just now|before|before this|last|)"),
        (.asked(-1), "(what was|what is|repeat|)(my|the)(last|previous)(question|message|thing)(i asked|i said|)"),
        (
            .nth,
            "(what was|what is|repeat|)(my|the) * (question|message|thing)(i asked|i said|)\nwhat (is|was) (question|message)(number|) *"
        ),
        (.count, "how many (questions|messages)~"),
        (.summary, "(summarize|summarise|recap|sum up|summary|tl dr)(summary|this|everything|)"),
        (
            .summary,
            "(summarize|recap|sum up|list)(all|)(our|the|this|my|what we)(discussion|conversation|chat|questions|messages|talked|discussed)~"
        ),
        (.summary, "(give|write|make)(me|us|) a (short|) summary~\nwhat (have|did|were) we (talk|talked|discuss|discussed|talking|say)~"),
        (.recall(key: "name", label: "who you are"), "who am i"),
        (.recall(key: "origin", label: "where you are from"), "where (am i|do i come) from"),
        (.recall(key: "home", label: "where you live"), "where (do i live|am i)"),
        (.recall(key: "born", label: "when and where you were born"), "(when|where) was i born"),
        (.recall(key: "age", label: "how old you are"), "how old am i"),
        (.recall(key: "job", label: "what you do"), "what do i do (for a living|)\nwhere do i work"),
        (.recall(key: "like", label: "what you like"), "what do i (like|love)"),
        (.recall(key: "dislike", label: "what you dislike"), "what do i (dislike|not like|hate)"),
        (.recall(key: "$1 name", label: "the name of your $1"), "what is the name of my *\nwhat is my * called"),
        (.time, "what time (is it|it is)~\nwhat is the time"),
        (.year, "(what|which) year~"),
        (.date(dayOffset: 1), "what (day|date|weekday) is (it|) tomorrow"),
        (.date(dayOffset: -1), "what (day|date|weekday) was (it|) yesterday"),
        (.date(dayOffset: 0), "(what|which) (day|date|weekday) is (it|today)~\nwhat is (the|today's)(date|day)"),
        (.recall(key: "$1", label: "your $1"), "(what|when|where|who) (is|are|was) my *\n(what|what did i say) my * (is|are|was)\nmy * ?"),
        (.recall(key: "$1", label: "your $1"), "(do you know|do you remember|tell me|remind me of) my *"),
        (.recall(key: "$2", label: "the $1 of your $2"), "(what|which) * (is|are) my *"),
        (.recall(key: "$1", label: "the $1"), "(what|where|when|who) (is|are|was) the *"),
        (.note, "(remember|note|do not forget|keep in mind)(that|this|) *"),
        (.tell(key: "name", sentence: "your name is $1"), "i am (called|named) *\n(please|just|)call me *\nmy (full|first|) name is *"),
        (.tell(key: "age", sentence: "you are $1 years old", kind: .age), "i am * (years old|)\nmy age is *"),
        (.tell(key: "home", sentence: "you live in $1"), "i (live|am living)(in|at) *\ni (have|) moved to *"),
        (.tell(key: "origin", sentence: "you are from $1"), "i (am|come) from *"),
        (.tell(key: "born", sentence: "you were born $1"), "i was born *"),
        (.tell(key: "job", sentence: "your job is $1"), "my (job|work|profession) is *"),
        (.tell(key: "job", sentence: "you work $1 $2"), "i work [as|at|for|in|with] *"),
        (.tell(key: "job", sentence: "you are $1 $2"), "i am [a|an|the] *"),
        (.tell(key: "name", sentence: "you are $1", kind: .name), "i am *"),
        (.tell(key: "$1 name", sentence: "your $1 is called $2"), "my * is (called|named) *\ni have (a|an) * (called|named) *"),
        (.tell(key: "$1", sentence: "your $1 $2 $3"), "(my|our) * [is|are] *"),
        (.tell(key: "$1", sentence: "the $1 $2 $3"), "the * [is|are] *"),
        (.tell(key: "dislike", sentence: "you do not like $1"), "i (really|)(do not like|dislike|hate) *"),
        (.tell(key: "like", sentence: "you $1 $2"), "i (really|also|)[like|love|enjoy] *"),
    ]

    /// What begins a clause after a pause.
    static let beginnings: StaticString = """
        (and|but|so|because|then|i|my|our|we|you|your|it|is|are|what|who|where|when|how|why|do|can|could|tell|call|please|remember|thanks)~
        """
    /// What begins a clause without a pause.
    static let joints: StaticString = "(and|but|so|because|then)(i|my|our|we|you|what|who|where|when|how|is|are|do|can|please|remember)~"
    static let abbreviations = ["Dr.", "Mr.", "Mrs.", "Ms.", "St.", "No."]
    static let contractions: [(String, String)] = [
        ("what's", "what is"), ("who's", "who is"), ("where's", "where is"), ("when's", "when is"), ("name's", "name is"),
        ("it's", "it is"),
        ("i'm", "I am"), ("i've", "I have"), ("don't", "do not"), ("can't", "can not"),
    ]
    /// Other spellings in the key of a fact.
    static let synonyms: [(String, String)] = [("favourite", "favorite"), ("colour", "color")]

    static let cardinals: StaticString = "one two three four five six seven eight nine ten eleven twelve"
    static let ordinals: StaticString = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
    static let calculation: [(Calculator.Sign, StaticString)] = [
        (.add, "+ ＋ plus"), (.subtract, "- − － – minus"), (.multiply, "* × · ⋅ ＊ x times multiplied"), (.divide, "/ ÷ ／ divided"),
        (.power, "^ ** power"), (.percent, "% ％ percent"), (.of, "of"), (.open, "( （"), (.close, ") ）"), (.filler, "by to the"),
        (
            .aside,
            """
            = ? ! . , : ; ＝ ？ ！ 。 ， ： ； " ` “ ” what what's whats is calculate compute how much does do me tell please can could you equal \
            equals result answer hi hello hey ok okay and so then now for thanks know
            """
        ),
    ]

    private static let connecting =
        "Where this build supports it, setting upstream.url (NANOBOT_UPSTREAM_URL) to an OpenAI-compatible server connects a real model."
    private static let abilities =
        "I can tell you what you asked before, sum up our conversation, recall what you told me about yourself, "
        + "do arithmetic, and tell the date and time in UTC."
    private static let identity = "I am nanobot's built-in model: small, rule-based, and without a network. \(abilities) \(connecting)"

    static let phrasebook = Phrasebook(
        meanings: meanings,
        questions: "(what|who|where|when|why|which|how|not|none|unknown|secret|you|it|this|that)~",
        openers: """
            (hi|hello|hey|ok|okay|so|well|yes|no|please|actually|also|and|but|because|then|now|thanks|thank you|sorry|nanobot|that) *
            (can you|could you|tell me|do you know|do you remember|i wonder|guess|i think|i said|i told you|what did i say) *
            """,
        closers: "* (please|now|again|today|then|thanks|thank you|nanobot|so far|nice to meet you)",
        greeting: "Hello! \(identity)", greetingAgain: "Hello again!",
        nothingAsked: "You have not asked anything before this in our conversation.", askedLast: "Just before this you said: “$1”",
        askedFirst: "The first message from you that I can see is: “$1”", askedFromStart: "Message number $2 from you was: “$1”",
        askedFromEnd: "$2 messages ago you said: “$1”", askedOnly: "I can see only $1 from you before this one.",
        count: "I can see $1 from you before this one.", message: "1 message", messages: "$1 messages",
        nothingToSummarize: "There is nothing to summarize yet: this is the first message of our conversation that I can see.",
        summary: "What you have said so far:", omitted: "($1 earlier messages are left out.)",
        noted: "Noted: $1.", recalled: "$1.", untold: "You have not told me $1 in this conversation.", profile: "You told me: $1.",
        noProfile: "You have not told me anything about yourself in this conversation.", notes: "You asked me to remember: $1.",
        noNotes: "You have not asked me to remember anything in this conversation.", separator: "; ",
        time: "It is $1 UTC.", date: "$1 $2, $3 $4 $5 (UTC).", year: "It is the year $1.",
        days: ["Yesterday was", "Today is", "Tomorrow is"],
        weekdays: ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
        months: [
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
        ],
        dividedByZero: "$1 has no result: nothing can be divided by zero.", tooLarge: "The result of $1 is too large for me.",
        undefined: "$1 has no real number as its result.",
        textOnly: "I cannot see pictures or hear recordings: I am a small rule-based model that reads only text.",
        toolless: "I cannot use tools or their results: I am only a small rule-based model.",
        blank: "Your message is empty. What would you like to say?", wordless: "I read only words and numbers, and “$1” has none.",
        read: "I have read “$1”.", help: " I am only a small rule-based model: say “help” to see what I can do.",
        unable: "I cannot help with “$1”: I know only what is said in this conversation, sums, and the time.",
        before: " Before that you said: “$1”")
}
