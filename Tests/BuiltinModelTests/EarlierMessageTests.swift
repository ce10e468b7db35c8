import BuiltinModel
import Chat
import Models
import TestSupport
import Testing

@Suite("Earlier messages")
struct EarlierMessageTests {
    static let said = ["Hello, who are you?", "What is 2+2?", "Tell me a joke", "第四句话"]

    @Test(
        "the message asked about is quoted exactly",
        arguments: [
            ("What did I just ask you?", 3), ("what did i say", 3), ("What was my last question?", 3), ("what was my previous message?", 3),
            ("Repeat my last message, please", 3), ("Do you remember what I just said?", 3), ("What was the last thing I said?", 3),
            ("What was my first question?", 0), ("What did I ask you first?", 0), ("What did I say at the beginning?", 0),
            ("How did we start?", 0),
            ("what was my second question?", 1), ("What was my 3rd message?", 2), ("What was question number 2?", 1),
            ("the fourth question I asked?", 3),
            ("What did I ask 3 questions ago?", 1), ("what did I ask you two messages ago", 2), ("What was my second to last question?", 2),
            ("我刚才问了你什么", 3), ("我刚刚问了什么？", 3), ("我上一个问题是什么", 3), ("请问我刚才说了什么来着", 3), ("你还记得我刚才问了什么吗", 3),
            ("我第一个问题是什么", 0), ("我最开始问了什么", 0), ("第三个问题是什么", 2), ("我的第2条消息是什么", 1), ("我倒数第二个问题是什么", 2), ("我三个问题之前问了什么", 1),
        ])
    func quotes(question: String, index: Int) async {
        #expect(await BuiltinModel.make.answer(question, after: Self.said).contains("“\(Self.said[index])”"))
    }

    @Test(
        "nothing asked before is told so",
        arguments: ["What did I just ask you?", "What was my first question?", "What was my third question?"])
    func nothing(question: String) async {
        #expect(await BuiltinModel.make.answer(question) == "You have not asked anything before this in our conversation.")
    }

    @Test("nothing asked before is told so in Chinese", arguments: ["我刚才问了你什么", "我第一个问题是什么", "第三个问题是什么"])
    func nothingInChinese(question: String) async {
        #expect(await BuiltinModel.make.answer(question) == "在这次对话里，你之前还没有问过什么。")
    }

    @Test(
        "a place beyond the conversation is told so",
        arguments: ["What was my ninth question?", "what did I ask 12 questions ago?", "What was my 999999999999th question?"])
    func beyond(question: String) async {
        #expect(await BuiltinModel.make.answer(question, after: Self.said) == "I can see only 4 messages from you before this one.")
    }

    @Test(
        "messages are counted without the one that asks",
        arguments: ["How many questions have I asked?", "how many messages did I send", "我问了多少个问题", "我一共问了几个问题？", "我发了多少条消息"])
    func counts(question: String) async {
        #expect(await BuiltinModel.make.answer(question, after: Self.said).contains("4"))
        #expect(await BuiltinModel.make.answer(question).contains("0"))
    }

    @Test("the model's answers are no messages of the user", arguments: ["What did I say?", "Repeat my last message", "我刚才说了什么"])
    func answers(question: String) async {
        let answer = await BuiltinModel.make.answer(question, after: Self.said)
        #expect(answer.contains("“\(Self.said[3])”") && !answer.contains("I see."))
        #expect(await !BuiltinModel.make.answer(question).contains("“"))
    }

    @Test("earlier user messages of the same turn are part of the past")
    func sameTurn() async {
        let turn = ["One.", "What did I just ask?"].map { Message(role: .user, content: $0) }
        #expect(await BuiltinModel.make.complete(Prompt(turn: turn)).content.contains("“One.”"))
    }

    @Test(
        "the discussion is listed",
        arguments: [
            "Summarize our discussion", "summarise", "Please summarize our conversation so far.", "list what we talked about", "recap",
            "What have we talked about?",
            "Can you give me a summary of our chat?", "What did we discuss?", "tl;dr summary please", "List my questions", "总结一下我们的讨论",
            "我们聊了什么", "总结", "请总结我们的对话", "我们刚才讨论了什么？",
            "回顾一下",
        ])
    func summary(question: String) async {
        let answer = await BuiltinModel.make.answer(question, after: Self.said)
        for (index, text) in Self.said.enumerated() { #expect(answer.contains("\(index + 1). \(text)")) }
        let empty = await BuiltinModel.make.answer(question)
        #expect(empty.contains("nothing to summarize") || empty.contains("还没有可以总结的内容"))
    }

    @Test("a long discussion is cut to its last twenty messages, each clipped between characters")
    func longSummary() async {
        let said = (1...30).map { "\($0)" + String(repeating: "👩‍👩‍👧‍👦", count: 100) }
        let answer = await BuiltinModel.make.answer("Summarize our discussion", after: said)
        #expect(answer.contains("(10 earlier messages are left out.)"))
        #expect(!answer.contains("\n10. "))
        #expect(answer.contains("\n11. 11👩‍👩‍👧‍👦"))
        #expect(answer.contains("\n30. 30👩‍👩‍👧‍👦"))
        #expect(answer.contains("👩‍👩‍👧‍👦…\n"))
    }
}
