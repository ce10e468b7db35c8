import Models

/// The built-in model's Chinese.
struct Chinese: Phrasebook {
    private static let connecting = "如果当前版本支持，把 upstream.url（NANOBOT_UPSTREAM_URL）设为任何兼容 OpenAI 的服务器，就能接入真正的大模型。"
    private static let abilities = "我能告诉你之前问过什么、总结我们的对话、回忆你告诉过我的事、做算术，还能报 UTC 日期和时间。"

    var identity: String { "我是 nanobot 内置的小模型，只靠规则，不联网。\(Self.abilities)\(Self.connecting)" }
    var help: String { "\(Self.abilities)我是 nanobot 内置的小模型，只靠规则。\(Self.connecting)" }
    var greeting: String { "你好！\(identity)" }
    let greetingAgain = "你好，又见面了！"
    let thanks = "不客气。"
    let farewell = "再见！"
    let yes = "好的。"
    let no = "好的，那就不了。"
    let wellbeing = "我很好，谢谢。你呢？"

    let nothingAsked = "在这次对话里，你之前还没有问过什么。"

    func asked(_ text: String, _ position: Position) -> String {
        switch position {
        case .fromEnd(1): "你刚才说的是：“\(text)”"
        case .fromEnd(let number): "你倒数第\(number)条消息是：“\(text)”"
        case .fromStart(1): "我能看到的你的第一条消息是：“\(text)”"
        case .fromStart(let number): "你的第\(number)条消息是：“\(text)”"
        }
    }

    let nothingAnswered = "在这次对话里，我之前还没有说过什么。"
    func answered(_ text: String) -> String { "我刚才说的是：“\(text)”" }
    func askedOnly(_ count: Int) -> String { "在这条之前，我只能看到你的\(count)条消息。" }
    func count(_ count: Int) -> String { "在这条之前，我能看到你的\(count)条消息。" }

    let nothingToSummarize = "还没有可以总结的内容：这是我能看到的第一条消息。"

    func summary(_ lines: [String], omitted: Int) -> String {
        "到目前为止你说过：\n" + (omitted > 0 ? "（省略了更早的\(omitted)条消息。）\n" : "") + lines.joined(separator: "\n")
    }

    func sentence(_ fact: Fact) -> String {
        guard fact.language != .chinese else { return fact.sentence }
        guard let template = Self.templates[fact.key] else {
            let subject = FactKey.chinese(for: fact.key) ?? " \(fact.key) "
            return "\(subject.hasPrefix("最") ? "你" : "你的")\(subject)是 \(fact.value)"
        }
        return "\(template.0)\(fact.value)\(template.1)"
    }

    private static let templates: [String: (String, String)] = [
        "name": ("你叫 ", ""), "self": ("你是 ", ""), "being": ("你是 ", ""), "home": ("你住在 ", ""), "origin": ("你来自 ", ""),
        "age": ("你", "岁"), "job": ("你的工作是 ", ""), "i was born": ("你出生于 ", ""), "i like": ("你喜欢 ", ""),
        "i dislike": ("你不喜欢 ", ""), "i have": ("你有 ", ""), "i speak": ("你会说 ", ""), Fact.note: ("“", "”"),
    ]

    func noted(_ sentences: [String]) -> String { "记下了：\(sentences.joined(separator: "；"))。" }
    func recalled(_ sentences: [String]) -> String { "\(sentences.joined(separator: "；"))。" }
    func untold(_ label: String) -> String { "在这次对话里，你还没有告诉过我\(label)。" }
    func profile(_ sentences: [String]) -> String { "你告诉过我：\(sentences.joined(separator: "；"))。" }
    let noProfile = "在这次对话里，你还没有告诉过我关于你的事。"
    func notes(_ sentences: [String]) -> String { "你让我记住：\(sentences.joined(separator: "；"))。" }
    let noNotes = "在这次对话里，你还没有让我记住什么。"

    func time(_ moment: Moment) -> String { "现在是 UTC \(moment.hour.twoDigits):\(moment.minute.twoDigits)。" }

    func date(_ moment: Moment, dayOffset: Int) -> String {
        let day = dayOffset == 0 ? "今天" : dayOffset > 0 ? "明天" : "昨天"
        return "\(day)是\(moment.year)年\(moment.month)月\(moment.day)日，星期\(Self.weekdays[moment.weekday])（UTC）。"
    }

    func year(_ moment: Moment) -> String { "今年是\(moment.year)年。" }

    private static let weekdays = ["日", "一", "二", "三", "四", "五", "六"]

    func calculation(_ calculation: Arithmetic) -> String {
        switch calculation.outcome {
        case .value(let value): "\(calculation.expression) = \(value.plain)"
        case .dividedByZero: "\(calculation.expression) 没有结果：不能除以零。"
        case .tooLarge: "\(calculation.expression) 的结果太大了，我算不了。"
        case .undefined: "\(calculation.expression) 没有实数结果。"
        }
    }

    let textOnly = "我看不了图片，也听不了录音：我是只靠规则的小模型，只看得懂文字。"
    let toolless = "我用不了工具，也看不懂工具的结果：我只是个靠规则的小模型。"
    let blank = "你的消息是空的。想说点什么？"
    func wordless(_ text: String) -> String { "我只看得懂文字和数字，“\(text)”里没有。" }

    func acknowledgement(_ text: String, isRequest: Bool, previous: String?) -> String {
        let before = previous.map { "在这之前你说：“\($0)”" } ?? ""
        guard isRequest else { return "我看到了：“\(text)”。\(before.isEmpty ? "我只是个靠规则的小模型，说“帮助”可以看我会什么。" : before)" }
        return "“\(text)”我帮不上忙：我只知道这次对话里说过的事、算术和时间。\(before)"
    }
}
