import Text

/// The built-in model's English.
enum English {
    private static let meanings: [(Meaning, StaticString)] = [
        (.greeting, "(hi|hello|hey|start)(there|again|nanobot|)\ngood (morning|afternoon|evening|day)"),
        (.courtesy("All right."), "(yes|sure|ok|okay|right|fine|good|great)"), (.courtesy("All right, then not."), "(no|never mind)"),
        (.courtesy("You are welcome."), "(many|ok|)(thanks|thank you)~"), (.courtesy("I am fine, thank you. How are you?"), "how are you~"),
        (.courtesy("Goodbye!"), "(bye|goodbye|good bye|see you)~"),
        (.identity, "(who|what) (are|made) you~\n(what is|what's) your name\nare you (a|an|human|real|chatgpt|gpt)~"),
        (.help, "help (me|)\nwhat can (you|i) (do|ask|say)~"), (.recall("like", "what you like"), "what do i (like|love)"),
        (.notes, "what (did|have) i (tell|told|ask|asked) you to (remember|note|keep in mind)"),
        (.profile, "(what|everything)(do|)you (know|remember)(about|of) me~\nwhat (did|have) i (tell|told) you about (me|myself)~"),
        (.asked(1), "what did i (ask|say|tell)(you|)(first|at the beginning)\nhow did (we|i|our conversation|this) (start|begin)"),
        (.nth(-1), "what did i (ask|say)(you|) * (questions|question|messages|message) (ago|before)"),
        (.nth(-1), "(what was|what is|repeat|) my * to last (question|message)"),
        (.asked(-1), "what (did i|i)(just|)(ask|say|tell|send|asked|said|told)(you|)(just now|before|before this|last|)"),
        (.asked(-1), "(what was|what is|repeat|)(my|the)(last|previous)(question|message|thing)(i asked|i said|)"),
        (.nth(1), "(what was|what is|repeat|)(my|the) * (question|message|thing)(i asked|i said|)"),
        (.nth(1), "what (is|was) (question|message)(number|) *"), (.count, "how many (questions|messages)~"),
        (.summary, "(summarize|summarise|recap|sum up|summary|tl dr)(summary|this|everything|)"),
        (.summary, "(summarize|recap|sum up|list) (our|this|my|what we) (discussion|conversation|chat|questions|talked|discussed)~"),
        (.summary, "(give|write|make)(me|us|) a (short|) summary~\nwhat (have|did|were) we (talk|talked|discuss|discussed|talking|say)~"),
        (.recall("name", "who you are"), "who am i"), (.recall("origin", "where you are from"), "where (am i|do i come) from"),
        (.recall("home", "where you live"), "where (do i live|am i)"), (.recall("age", "how old you are"), "how old am i"),
        (.recall("job", "what you do"), "what do i do (for a living|)\nwhere do i work"),
        (.recall("$1 name", "the name of your $1"), "what is the name of my *\n(what is|what's) my * called"),
        (.time, "what time (is it|it is)~\n(what is|what's) the time"), (.date(1), "what (day|date|weekday) is (it|) tomorrow"),
        (.date(-1), "what (day|date|weekday) was (it|) yesterday"),
        (.date(0), "(what|which) (day|date|weekday) is (it|today)~\n(what is|what's) (the|today's)(date|day)"),
        (.recall("$1", "your $1"), "(what|when|where|who)(is|are|was) my *\n(what's|who's|where's|when's) my *"),
        (.recall("$1", "your $1"), "(what|what did i say) my * (is|are|was)\nmy * ?"),
        (.recall("$1", "your $1"), "(do you know|do you remember|tell me|remind me of) my *"),
        (.recall("$2", "the $1 of your $2"), "(what|which) * (is|are) my *"),
        (.recall("$1", "the $1"), "(what|where|when|who) (is|are|was) the *\n(what's|who's|where's|when's) the *"),
        (.note, "(remember|note|do not forget|don't forget|keep in mind)(that|this|) *"),
        (.tell("name", "your name is $1"), "(i am|i'm) (called|named) *\ncall me *\nmy (full|first|)(name is|name's) *"),
        (.tell("age", "you are $1 years old", .age), "(i am|i'm) * (years old|)\nmy age is *"),
        (.tell("home", "you live in $1"), "i (live|am living)(in|at) *\ni (have|) moved to *"),
        (.tell("origin", "you are from $1"), "(i am|i'm|i come) from *"),
        (.tell("job", "your job is $1"), "my (job|work|profession) is *"), (.tell("name", "you are $1", .name), "(i am|i'm) *"),
        (.tell("job", "you work $1 $2"), "i work [as|at|for|in|with] *"), (.tell("job", "you are $1 $2"), "(i am|i'm) [a|an|the] *"),
        (.tell("$1 name", "your $1 is called $2"), "my * is (called|named) *\ni have (a|an) * (called|named) *"),
        (.tell("$1", "your $1 $2 $3"), "(my|our) * [is|are] *"), (.tell("$1", "the $1 $2 $3"), "the * [is|are] *"),
        (.tell("like", "you like $1"), "i (really|also|) like *"), (.tell("like", "you $1 $2"), "i (really|also|)[love|enjoy] *"),
    ]

    /// What begins a clause after a pause.
    static let beginnings: StaticString =
        "(and|but|so|because|then|i|i'm|my|our|we|you|it|what|what's|who|where|how|do|call|please|remember)~"
    /// What begins a clause without a pause.
    static let joints: StaticString = "(and|but|so|because|then)(i|i'm|my|our|we|you|what|who|where|how|is|are|do|can|remember)~"
    static let abbreviations = ["Dr.", "Mr.", "Mrs.", "Ms.", "St.", "No."]
    /// Other spellings for the key of a fact.
    static let spellings: [(String, String)] = [("favourite", "favorite"), ("colour", "color")]

    static let cardinals = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    static let ordinals = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]

    static func sign(_ word: String) -> Calculator.Sign? {
        switch word {
        case "+", "＋", "plus": .add
        case "-", "−", "－", "–", "minus": .subtract
        case "*", "×", "·", "⋅", "＊", "x", "times", "multiplied": .multiply
        case "/", "÷", "／", "divided": .divide
        case "^", "**", "power": .power
        case "%", "％", "percent": .percent
        case "(", "（": .open
        case ")", "）": .close
        case "by", "to", "the": .filler
        case "of": .of
        case "=", "?", "!", ".", ",", "＝", "？", "！", "。", "，", "what", "what's", "is", "how", "much", "does", "do", "me", "tell", "you",
            "calculate", "please", "can", "equal", "hi", "hello", "ok", "and", "so", "then", "now", "for", "thanks":
            .aside
        default: nil
        }
    }

    static let phrasebook = Phrasebook(
        meanings: meanings, questions: "(what|who|where|when|why|which|how|not|none|unknown|secret|you|it|this|that)~",
        openers: """
            (hi|hello|hey|ok|okay|so|well|yes|no|please|actually|also|and|but|because|then|now|thanks|thank you|sorry|nanobot|that) *
            (can you|could you|tell me|do you know|do you remember|i wonder|guess|i think|i said|i told you|what did i say) *
            """,
        closers: "* (please|now|again|today|then|thanks|thank you|nanobot|so far|nice to meet you)",
        greeting: "Hello! ", greetingAgain: "Hello again!",
        identity: "I am nanobot's built-in model: small, rule-based, and without a network. $1 $2",
        help: "$1 I am nanobot's built-in model, small and rule-based. $2",
        abilities: """
            I can tell you what you asked before, sum up our conversation, recall what you told me about yourself, do arithmetic, and tell \
            the date and time in UTC.
            """,
        connecting: """
            Where this build supports it, setting upstream.url (NANOBOT_UPSTREAM_URL) to an OpenAI-compatible server connects a real model.
            """,
        nothingAsked: "You have not asked anything before this in our conversation.", askedLast: "Just before this you said: “$1”",
        askedFirst: "The first message from you that I can see is: “$1”", askedFromStart: "Message number $2 from you was: “$1”",
        askedFromEnd: "$2 messages ago you said: “$1”", askedOnly: "I can see only $1 from you before this one.",
        count: "I can see $1 from you before this one.", message: "1 message", messages: "$1 messages",
        nothingToSummarize: "There is nothing to summarize yet: this is the first message of our conversation that I can see.",
        summary: "What you have said so far:", omitted: "($1 earlier messages are left out.)",
        noted: "Noted: $1.", recalled: "$1.", untold: "You have not told me $1 in this conversation.", profile: "You told me: $1.",
        noProfile: "You have not told me anything about yourself in this conversation.", notes: "You asked me to remember: $1.",
        noNotes: "You have not asked me to remember anything in this conversation.", separator: "; ",
        days: ["Yesterday was", "Today is", "Tomorrow is"],
        weekdays: ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
        months: ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
        time: "It is $1 UTC.", date: "$1 $2, $3 $4 $5 (UTC).",
        noResult: "$1 has no result: nothing can be divided by zero, too large, or no real number.",
        textOnly: "I cannot see pictures or hear recordings: I am a small rule-based model that reads only text.",
        toolless: "I cannot use tools or their results: I am only a small rule-based model.",
        blank: "Your message is empty. What would you like to say?", wordless: "I read only words and numbers, and “$1” has none.",
        read: "I have read “$1”.", hint: " I am only a small rule-based model: say “help” to see what I can do.",
        unable: "I cannot help with “$1”: I know only what is said in this conversation, sums, and the time.",
        before: " Before that you said: “$1”")
}
