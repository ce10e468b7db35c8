/// The built-in model's Chinese.
enum Chinese {
    private static let meanings: [(Meaning, StaticString)] = [
        (.greeting, "(你好|嗨|早上好|下午好|晚上好|hello|hi)"),
        (.courtesy("不客气。"), "(多谢|谢谢)(你|)"),
        (.courtesy("再见！"), "(再见|拜拜|晚安)"),
        (.courtesy("好的。"), "(是的|对的|好的|是|对|好|行|可以)"),
        (.courtesy("好的，那就不了。"), "(不是|不对|不用|不行|不)"),
        (.say(identity), "你是(谁|什么|真人|机器人)~\n你(的名字|)(叫|是)(什么|啥)~\n(自我介绍|介绍一下你自己)"),
        (.say("\(abilities)我是 nanobot 内置的小模型，只靠规则。\(connecting)"), "帮助\n你(能|会|可以)(做|干|)(些|)(什么|啥)~"),
        (.notes, "我(让|叫|请)你记(住|得|)(了|)(什么|哪些)~"),
        (.profile, "你(都|)(知道|记得|了解)(关于|)我(的|)(什么|哪些|多少)~"),
        (.asked(1), "我(最|一)(开始|先|初)(问|说)(了|)(什么|啥)"),
        (.nthFromEnd, "我*个(问题|消息)(之前|以前|前)(问|说)(了|)(你|)(什么|啥)\n(我|)(的|)倒数第*(个|条)(问题|消息)~"),
        (.nth, "(我|)(的|)第*(个|条)(问题|消息)~"),
        (.asked(-1), "我(刚才|刚刚|刚|上次|)(问|说)(了|的是|)(你|)(什么|啥)\n(我|)(的|)上(一|)(个|条)(问题|消息)(是|)(什么|啥)"),
        (.count, "我(一共|总共|)(问|说|发)(了|过|)(多少|几)~"),
        (.summary, "(总结|回顾|概括)(一下|)(吧|)\n(总结|回顾|概括)(一下|)(我们|刚才|对话|讨论)~\n我们(刚才|刚刚|)(聊|谈|讨论|说)(了|过|)(些|)(什么|啥)"),
        (.recall(key: "name", label: "你的名字"), "我(叫|的名字|的名字是|的名字叫)(什么|啥|)(名字|)"),
        (.recall(key: "name", label: "你是谁"), "我是谁"),
        (.recall(key: "origin", label: "你来自哪里"), "我(是|来自|从)(哪里|哪儿|什么地方)(来的|人|)"),
        (.recall(key: "home", label: "你住在哪里"), "我(现在|)住(在|)(哪里|哪儿|什么地方)"),
        (.recall(key: "age", label: "你多大"), "我(今年|)(多大|几岁|多少岁)"),
        (.recall(key: "job", label: "你做什么工作"), "我(是|)(做|干)什么(的|工作)\n我在(哪里|哪儿|什么地方)工作\n我的工作是什么"),
        (.recall(key: "like", label: "你喜欢什么"), "我喜欢什么"),
        (.recall(key: "dislike", label: "你不喜欢什么"), "我不喜欢什么"),
        (.recall(key: "最喜欢 $1", label: "你最喜欢的$1"), "我最(喜欢|爱)什么*\n我最(喜欢|爱)的*是(什么|哪|谁)~"),
        (.recall(key: "$1 name", label: "你的$1叫什么"), "我(的|)*(叫|的名字是|的名字叫)(什么|谁)~"),
        (.recall(key: "$1", label: "你的$1"), "我的*(是|在)(什么|哪|谁|多少|几)~\n我[女儿|儿子|老婆|老公|妈妈|爸爸|朋友|狗|猫](是|在)(什么|哪|谁)~"),
        (.time, "(现在|)(几点|什么时间)(钟|)"),
        (.year, "今年是(哪一年|哪年)"),
        (.date(dayOffset: 1), "明天(是|)(几号|星期几|周几)"),
        (.date(dayOffset: -1), "昨天(是|)(几号|星期几|周几)"),
        (.date(dayOffset: 0), "(今天|)(是|)(几号|星期几|周几|几月几号)"),
        (.nothing, "(请问|你好|你|他|她|它|这|那|今)~(是|在)(什么|多少|几|哪|谁)~"),
        (.recall(key: "$1", label: "“$1”"), "*是(什么|多少|几|哪|谁)~"),
        (.note, "(记住|记得|记下|别忘了)(了|)*"),
        (.tell(key: "name", sentence: "你叫$1"), "我(的名字是|的名字叫|叫)*\n叫我*(就行|就好|)"),
        (.tell(key: "age", sentence: "你$1岁", kind: .age), "我(今年|)*岁(了|)"),
        (.tell(key: "home", sentence: "你住在$1"), "(我|)(现在|)住在*"),
        (.tell(key: "origin", sentence: "你来自$1"), "我来自*"),
        (.tell(key: "job", sentence: "你的工作是$1"), "我的工作是*"),
        (.tell(key: "job", sentence: "你在$1工作"), "我在*工作"),
        (.tell(key: "job", sentence: "你是$1$2"), "我是*[师|员|生|家|工|警]"),
        (.tell(key: "origin", sentence: "你是$1人"), "我是*人"),
        (.tell(key: "name", sentence: "你是$1"), "我是*"),
        (.tell(key: "最喜欢 $1", sentence: "你最喜欢的$1是$2"), "我最(喜欢|爱)的*是*"),
        (.tell(key: "$1 name", sentence: "你的$1叫$2"), "我的*(的名字是|的名字叫|叫)*\n我[女儿|儿子|老婆|老公|妈妈|爸爸|朋友|狗|猫]叫*"),
        (.tell(key: "$1", sentence: "你的$1是$2"), "我的*是*\n我[女儿|儿子|老婆|老公|妈妈|爸爸|朋友|狗|猫]是*"),
        (.tell(key: "dislike", sentence: "你不喜欢$1"), "我(不喜欢|讨厌)*"),
        (.tell(key: "like", sentence: "你喜欢$1"), "我(很|也|)(喜欢|爱)*"),
        (.tell(key: "$1", sentence: "$1是$2", kind: .noted), "*是*"),
    ]

    static let numerals: StaticString = "零 一 二 三 四 五 六 七 八 九 十 百"
    static let calculation: [(Calculator.Sign, StaticString)] = [
        (.add, "加"), (.subtract, "减 減"), (.multiply, "乘"), (.divide, "除"), (.filler, "以 上 去"),
        (.aside, "请 問 问 计 計 算 帮 我 你 您 等 于 於 几 幾 多 少 是 得 的 结 果 吗 呢 那 么 一下"),
    ]

    /// Each traditional character and polite form before the one that stands in the phrases.
    private static let simplifications: StaticString = "您你妳你麼么們们嗎吗記记問问題题總总結结討讨論论誰谁歲岁個个條条說说剛刚幾几點点號号現现時时間间來来裡里兒儿謝谢見见愛爱談谈訴诉對对減减两二兩二〇零"

    /// The form of a Han character that stands in the phrases, if it is another.
    static func simplified(_ character: ArraySlice<UInt8>) -> [UInt8]? {
        simplifications.withUTF8Buffer { pairs in
            stride(from: 0, to: pairs.count, by: 6).first { pairs[$0..<$0 + 3].elementsEqual(character) }.map {
                Array(pairs[$0 + 3..<$0 + 6])
            }
        }
    }

    private static let connecting = "如果当前版本支持，把 upstream.url（NANOBOT_UPSTREAM_URL）设为任何兼容 OpenAI 的服务器，就能接入真正的大模型。"
    private static let abilities = "我能告诉你之前问过什么、总结我们的对话、回忆你告诉过我的事、做算术，还能报 UTC 日期和时间。"
    private static let identity = "我是 nanobot 内置的小模型，只靠规则，不联网。\(abilities)\(connecting)"

    static let phrasebook = Phrasebook(
        meanings: meanings,
        questions: "~(什么|谁|哪|多少|几|吗|啥)~\n(你|它|这|那)~",
        openers: "(你好|请问|请|你还记得|你记得|你知道|告诉我|帮我|那|现在|好的|对了|因为|所以|但是|谢谢)*",
        closers: "*(吗|呢|啊|呀|吧|了|来着|谢谢|一下)",
        greeting: "你好！\(identity)", greetingAgain: "你好，又见面了！",
        nothingAsked: "在这次对话里，你之前还没有问过什么。", askedLast: "你刚才说的是：“$1”", askedFirst: "我能看到的你的第一条消息是：“$1”",
        askedFromStart: "你的第$2条消息是：“$1”", askedFromEnd: "你倒数第$2条消息是：“$1”", askedOnly: "在这条之前，我只能看到你的$1。",
        count: "在这条之前，我能看到你的$1。", message: "1条消息", messages: "$1条消息",
        nothingToSummarize: "还没有可以总结的内容：这是我能看到的第一条消息。", summary: "到目前为止你说过：", omitted: "（省略了更早的$1条消息。）",
        noted: "记下了：$1。", recalled: "$1。", untold: "在这次对话里，你还没有告诉过我$1。", profile: "你告诉过我：$1。",
        noProfile: "在这次对话里，你还没有告诉过我关于你的事。", notes: "你让我记住：$1。", noNotes: "在这次对话里，你还没有让我记住什么。", separator: "；",
        time: "现在是 UTC $1。", date: "$1是$5年$4月$3日，星期$2（UTC）。", year: "今年是$1年。", days: ["昨天", "今天", "明天"],
        weekdays: ["日", "一", "二", "三", "四", "五", "六"], months: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"],
        dividedByZero: "$1 没有结果：不能除以零。", tooLarge: "$1 的结果太大了，我算不了。", undefined: "$1 没有实数结果。",
        textOnly: "我看不了图片，也听不了录音：我是只靠规则的小模型，只看得懂文字。", toolless: "我用不了工具，也看不懂工具的结果：我只是个靠规则的小模型。",
        blank: "你的消息是空的。想说点什么？", wordless: "我只看得懂文字和数字，“$1”里没有。",
        read: "我看到了：“$1”。", help: "我只是个靠规则的小模型，说“帮助”可以看我会什么。",
        unable: "“$1”我帮不上忙：我只知道这次对话里说过的事、算术和时间。", before: "在这之前你说：“$1”")
}
