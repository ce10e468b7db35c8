import BuiltinModel
import Chat
import Models
import TestSupport
import Testing

@Suite("Facts")
struct FactMemoryTests {
    @Test(
        "what was told is confirmed, and recalled when asked later",
        arguments: [
            ("My name is Alice", "What is my name?", "Your name is Alice."),
            ("Hi, my name is Alice.", "what's my name", "Your name is Alice."),
            ("I'm called Bob", "Do you remember my name?", "Your name is Bob."), ("call me Bob", "Who am I?", "Your name is Bob."),
            ("I’m Carol.", "what is my name", "You are Carol."),
            ("my name's dave", "Could you tell me what my name is, please?", "Your name is dave."),
            ("my name is Ludwig van Beethoven nice to meet you", "what is my name", "Your name is Ludwig van Beethoven."),
            ("I live in Oslo", "Where do I live?", "You live in Oslo."),
            ("I live in St. Louis, Missouri.", "where do I live now?", "You live in St. Louis, Missouri."),
            ("I am from Norway", "Where am I from?", "You are from Norway."),
            ("My favourite colour is green", "What is my favorite color?", "Your favourite colour is green."),
            ("MY FAVORITE COLOR IS GREEN", "what's my favourite colour?", "Your FAVORITE COLOR IS GREEN."),
            ("I work as a nurse", "What is my job?", "You work as a nurse."),
            ("I work at Acme", "Where do I work?", "You work at Acme."), ("I am a nurse", "what do I do for a living?", "You are a nurse."),
            ("I am 34 years old", "How old am I?", "You are 34 years old."),
            ("I'm 34", "what is my age?", "You are 34 years old."),
            ("I like tea", "What do I like?", "You like tea."), ("I love coffee", "what do I love?", "You love coffee."),
            ("my dog's name is Rex", "What is my dog's name?", "Your dog's name is Rex."),
            ("my dog's name is Rex", "what is my dog called?", "Your dog's name is Rex."),
            ("I have a cat called Tom", "What is the name of my cat?", "Your cat is called Tom."),
            ("my budget is $500", "my budget?", "Your budget is $500."),
            ("My languages are C++ and C#", "What are my languages?", "Your languages are C++ and C#."),
            ("my bike is red", "What colour is my bike?", "Your bike is red."),
            ("remember that the door code is 4471", "What is the door code?", "The door code is 4471."),
            ("Please remember: milk, eggs, bread", "what did I tell you to remember?", "You asked me to remember: “milk, eggs, bread”."),
            ("My sister is called Emma", "Who is my sister?", "Your sister is called Emma."),
            ("I said my name is Eve", "What did I say my name was?", "Your name is Eve."),
            ("my flight is at 5pm", "When is my flight?", "Your flight is at 5pm."),
            ("My birthday is on 1 May", "When is my birthday?", "Your birthday is on 1 May."),
            ("The meeting is on Friday.", "When is the meeting?", "The meeting is on Friday."),
            ("我女儿叫小美", "你知道我女儿叫什么吗", "你的女儿叫小美。"), ("我老婆是医生", "我老婆是谁", "你的老婆是医生。"), ("我是上海人", "我是哪里人", "你是上海人。"),
            ("My name is 小明", "What is my name?", "Your name is 小明."), ("你好我是小明", "我是谁", "你是小明。"), ("我叫小明", "我叫什么名字？", "你叫小明。"),
            ("你好，我的名字是小明。", "我叫什么", "你叫小明。"), ("我是小明", "我是谁", "你是小明。"), ("叫我小李就行", "我的名字是什么", "你叫小李。"),
            ("我住在上海", "我住在哪里？", "你住在上海。"), ("我来自四川", "我来自哪里", "你来自四川。"), ("我最喜欢的颜色是绿色", "我最喜欢的颜色是什么？", "你最喜欢的颜色是绿色。"),
            ("我最喜欢的颜色是绿色", "我最喜欢什么颜色", "你最喜欢的颜色是绿色。"), ("我今年30岁", "我多大了？", "你30岁。"), ("我三十五岁了", "我几岁", "你35岁。"),
            ("我是老师", "我是做什么的", "你是老师。"),
            ("我在腾讯工作", "我在哪里工作", "你在腾讯工作。"), ("我喜欢喝茶", "我喜欢什么", "你喜欢喝茶。"), ("我的狗叫旺财", "我的狗叫什么名字？", "你的狗叫旺财。"),
            ("我的生日是5月1日", "我的生日是什么时候", "你的生日是5月1日。"),
            ("记住门禁密码是4471", "门禁密码是多少？", "门禁密码是4471。"), ("请记住：明天交房租", "我让你记住什么", "你让我记住：“明天交房租”。"),
        ])
    func recalls(statement: String, question: String, answer: String) async {
        let confirmation = await BuiltinModel.make.answer(statement)
        #expect(confirmation.hasPrefix("Noted: ") || confirmation.hasPrefix("记下了："))
        #expect(await BuiltinModel.make.answer(question, after: ["Hello", statement, "Thanks"]) == answer)
    }

    @Test(
        "facts told in one language are found in the other",
        arguments: [
            ("My name is Alice", "我叫什么？", "你叫 Alice。"), ("I live in Oslo", "我住在哪里", "你住在 Oslo。"), ("I am 34", "我几岁", "你34岁。"),
            ("I am from Norway", "我来自哪里", "你来自 Norway。"),
            ("I like tea", "我喜欢什么", "你喜欢 tea。"),
            ("I am a nurse", "我是做什么的", "你的工作是 nurse。"), ("我叫小明", "What is my name?", "Your name is 小明."),
            ("我住在上海", "Where do I live?", "You live in 上海."),
            ("我三十岁", "How old am I?", "You are 30 years old."),
            ("我来自四川", "Where am I from?", "You are from 四川."),
            ("我是小明", "Who am I?", "Your name is 小明."),
            ("我在腾讯工作", "Where do I work?", "Your job is 腾讯."), ("我的工作是教师", "What is my job?", "Your job is 教师."),
        ])
    func recallsAcrossLanguages(statement: String, question: String, answer: String) async {
        #expect(await BuiltinModel.make.answer(question, after: [statement, "ok"]) == answer)
    }

    @Test("several facts in one message are all kept")
    func severalFacts() async {
        let said = ["My name is Alice and I live in Oslo, I'm 34 and my dog's name is Rex."]
        #expect(
            await BuiltinModel.make.answer(said[0])
                == "Noted: your name is Alice; you live in Oslo; you are 34 years old; your dog's name is Rex.")
        #expect(await BuiltinModel.make.answer("Where do I live?", after: said) == "You live in Oslo.")
        #expect(await BuiltinModel.make.answer("我叫小明，我住在上海，今年的计划还没定") == "记下了：你叫小明；你住在上海。")
        #expect(await BuiltinModel.make.answer("我是小明,住在北京。") == "记下了：你是小明；你住在北京。")
    }

    @Test("the newest statement wins")
    func newestWins() async {
        let said = ["My name is Alice", "I live in Oslo", "Actually, my name is Bob now", "I moved to Bergen"]
        #expect(await BuiltinModel.make.answer("What is my name?", after: said) == "Your name is Bob.")
        #expect(await BuiltinModel.make.answer("Where do I live?", after: said) == "You live in Bergen.")
        #expect(await BuiltinModel.make.answer("My name is Eve. What is my name?", after: said).contains("Your name is Eve."))
    }

    @Test(
        "what was not told is told to be unknown",
        arguments: [
            ("What is my name?", "You have not told me your name in this conversation."),
            ("Where do I live?", "You have not told me where you live in this conversation."),
            ("What is my blood type?", "You have not told me your blood type in this conversation."),
            ("What do you know about me?", "You have not told me anything about yourself in this conversation."),
            ("What did I tell you to remember?", "You have not asked me to remember anything in this conversation."),
            ("我叫什么", "在这次对话里，你还没有告诉过我你的名字。"),
            ("我最喜欢的电影是什么", "在这次对话里，你还没有告诉过我你最喜欢的电影。"), ("你知道我什么", "在这次对话里，你还没有告诉过我关于你的事。"),
        ])
    func unknown(question: String, answer: String) async {
        #expect(await BuiltinModel.make.answer(question) == answer)
        #expect(
            await BuiltinModel.make.complete(.make(said: ["Hello"], answer: "My name is Eve. I live in Rome. 我叫小红。", message: question))
                .content == answer)
    }

    @Test(
        "questions and refusals are not facts",
        arguments: [
            "What is my name?", "my name is what?", "My name is what", "Is my name Bob?", "Do you know what my name is?",
            "guess what my name is", "I wonder what my name is",
            "I do not think my name is Bob", "我的名字是什么？", "我叫什么", "我叫什么名字来着", "我的名字是谁起的", "call me?", "什么是我的名字", "remember what my name is",
        ])
    func notFacts(message: String) async {
        let answer = await BuiltinModel.make.answer("What is my name?", after: [message])
        #expect(answer == "You have not told me your name in this conversation.")
    }

    @Test("everything that was told is listed once, oldest first")
    func profile() async {
        let said = [
            "I'm Alice", "I like tea", "What is my name?", "I like tea", "I live in Oslo", "I like coffee", "I live in Bergen",
            "remember the wifi is down",
        ]
        let answer = await BuiltinModel.make.answer("What do you know about me?", after: said)
        #expect(answer == "You told me: you are Alice; you like tea; you like coffee; you live in Bergen; the wifi is down.")
    }

    @Test("what was told outlives any number of summaries, and the newest word for each thing counts")
    func summaries() async {
        var turns: [PastTurn] = []
        for (number, told) in [
            "Hi, my name is Alice. What can you do?", "I like tea, and I like cake.", "my name is Carol", "我女儿叫小美", "12 + 30",
            "Where is Oslo?",
        ].enumerated() {
            turns = [PastTurn([Message(role: .user, content: told)])] + turns.reversed()
            turns.reverse()
            guard number % 2 == 1 else { continue }
            let summary = await BuiltinModel().summarize(turns)
            #expect(summary.usage.promptTokens == turns.reduce(0) { $0 + $1.wordCount } && summary.usage.completionTokens > 0)
            turns = [PastTurn([Message(role: .user, content: "Summary of our conversation so far:\n" + summary.content)])]
        }
        let summary = await BuiltinModel().summarize(turns).content
        #expect(summary == "I like tea\nand I like cake\nmy name is Carol\n我女儿叫小美")
        for (question, answer) in [("What is my name?", "Your name is Carol."), ("我女儿叫什么", "你的女儿叫小美。")] {
            let prompt = Prompt(history: turns, turn: [Message(role: .user, content: question)])
            #expect(await BuiltinModel().complete(prompt, onDelta: nil).content == answer)
        }
    }

    @Test("a summary of nothing that was told says so, and one of much is no longer than what is read of a message")
    func summaryLengths() async {
        let chat = [PastTurn([Message(role: .user, content: "Hello"), Message(role: .assistant, content: "my name is Bob")])]
        #expect(await BuiltinModel().summarize(chat).content == "Nothing that I would recall.")
        let much = (0..<300).map { PastTurn([Message(role: .user, content: "my box \($0) is number \($0)")]) }
        let summary = await BuiltinModel().summarize(much).content
        #expect(summary.utf8.count < 4096 && summary.hasSuffix("my box 299 is number 299"))
    }
}
