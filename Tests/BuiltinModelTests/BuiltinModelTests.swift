import BuiltinModel
import Chat
import Models
import TestSupport
import Testing

@Suite("Built-in model")
struct BuiltinModelTests {
    @Test(
        "who are you is answered with what the model is and how a real one is connected",
        arguments: [
            "Who are you?", "what are you", "What's your name?", "Are you ChatGPT?", "Hello, who are you?", "help", "What can you do?",
            "/start", "Hello",
        ])
    func introducesItself(message: String) async {
        let answer = await BuiltinModel.make.answer(message)
        #expect(answer.contains("nanobot's built-in model"))
        #expect(answer.contains("rule-based"))
        #expect(answer.contains("NANOBOT_UPSTREAM_URL"))
    }

    @Test("the model introduces itself in Chinese", arguments: ["你是谁", "您是谁？", "你好", "你能做什么？", "帮助", "你叫什么名字", "你是誰", "请问你是谁呀"])
    func introducesItselfInChinese(message: String) async {
        let answer = await BuiltinModel.make.answer(message)
        #expect(answer.contains("nanobot 内置的小模型"))
        #expect(answer.contains("NANOBOT_UPSTREAM_URL"))
    }

    @Test("later turns do not introduce the model again", arguments: ["Hello", "I see", "Thanks!", "What is love?", "你好", "今天天气不错"])
    func introducesItselfOnce(message: String) async {
        #expect(!(await BuiltinModel.make.answer(message, after: ["Hi"]).contains("UPSTREAM")))
    }

    @Test(
        "courtesies are answered briefly",
        arguments: [
            ("Hello!", "Hello again!"), ("Good morning", "Hello again!"), ("Thanks a lot!", "You are welcome."),
            ("ok thanks", "You are welcome."),
            ("Bye", "Goodbye!"), ("See you tomorrow", "Goodbye!"), ("yes", "All right."), ("No.", "All right, then not."),
            ("How are you?", "I am fine, thank you. How are you?"), ("你最近怎么样", "我很好，谢谢。你呢？"), ("Hi there", "Hello again!"),
            ("你好", "你好，又见面了！"), ("谢谢你", "不客气。"), ("再见", "再见！"), ("好的", "好的。"),
            ("不是", "好的，那就不了。"),
        ])
    func courtesies(message: String, answer: String) async {
        #expect(await BuiltinModel.make.answer(message, after: ["Before"]) == answer)
    }

    @Test("a message that no rule knows is quoted together with the one before it")
    func acknowledges() async {
        let answer = await BuiltinModel.make.answer("I bought 2 apples", after: ["It rained all day"])
        #expect(answer.contains("I bought 2 apples"))
        #expect(answer.contains("It rained all day"))
        let chinese = await BuiltinModel.make.answer("今天天气不错", after: ["昨天下雨了"])
        #expect(chinese.contains("今天天气不错"))
        #expect(chinese.contains("昨天下雨了"))
    }

    @Test("several things in one message are all answered")
    func severalThings() async {
        let answer = await BuiltinModel.make.answer("Hi! My name is Alice. What is 2+2? And how old am I?")
        #expect(answer == "Noted: your name is Alice.\n2+2 = 4\nYou have not told me how old you are in this conversation.")
    }

    @Test("the same prompt has the same answer")
    func deterministic() async {
        let said = ["My name is Alice", "I like tea", "我住在上海"]
        let first = await BuiltinModel.make.complete(.make(said: said, message: "What do you know about me?"))
        #expect(await BuiltinModel.make.complete(.make(said: said, message: "What do you know about me?")) == first)
    }

    @Test("usage counts words and Han characters of all messages")
    func usage() async {
        let prompt = Prompt(
            instructions: [Message(role: .system, content: "Be brief.")],
            history: [PastTurn([Message(role: .user, content: "one  two\nthree"), Message(role: .assistant, content: "四五 six")])],
            turn: [Message(role: .user, content: "No.")])
        let completion = await BuiltinModel.make.complete(prompt)
        #expect(completion.content == "All right, then not.")
        #expect(completion.usage == Usage(promptTokens: 9, completionTokens: 4))
        #expect(completion.finishReason == "stop")
    }

    @Test("instructions are neither facts nor questions")
    func instructions() async {
        var prompt = Prompt.make(message: "What is my name?")
        prompt.instructions = [Message(role: .system, content: "My name is Mallory.")]
        #expect(await BuiltinModel.make.complete(prompt).content == "You have not told me your name in this conversation.")
    }

    @Test(
        "a picture or a recording is told to be unseen; what the text besides asks is answered",
        arguments: [
            ("", [], "I cannot see pictures or hear recordings", nil), ("What is this?", [], "I cannot see pictures", nil),
            ("What is 2+2?", [], "I cannot see pictures", "2+2 = 4"), ("", ["你好"], "我看不了图片，也听不了录音", nil),
            ("这是什么？", [], "我看不了图片", nil), ("我叫小明", ["Hello"], "我看不了图片", "小明"),
        ] as [(String, [String], String, String?)])
    func media(text: String, said: [String], answer: String, more: String?) async {
        for part in [Message.Part.image(url: "data:image/png;base64,AAAA", detail: nil), .audio(data: "AAAA", format: "wav")] {
            var prompt = Prompt.make(said: said, message: text)
            prompt.turn[0].parts = text.isEmpty ? [part] : [.text(text), part]
            let lines = await BuiltinModel.make.complete(prompt).content.split(separator: "\n")
            #expect(lines.first?.hasPrefix(answer) == true)
            #expect(lines.dropFirst().contains { $0.contains(more ?? "") } == (more != nil))
        }
    }

    @Test("the result of a tool is told to be of no use", arguments: [("What time is it?", "I cannot use tools"), ("几点了？", "我用不了工具")])
    func toolResult(said: String, answer: String) async {
        let prompt = Prompt(
            history: [PastTurn([Message(role: .user, content: said)])], turn: [Message(role: .tool, content: "noon", toolCallID: "a")])
        #expect(await BuiltinModel.make.complete(prompt).content.hasPrefix(answer))
    }
}
