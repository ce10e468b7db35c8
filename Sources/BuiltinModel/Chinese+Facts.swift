import Models

extension Chinese {
    static let statements: RuleTable<[Fact]> = [
        Rule("(请|你|你要|你得|帮我|给我|)(记住|记得|记下|记一下|别忘了|不要忘记|别忘记|记着)(了|)(这个|这件事|)*") { match in
            guard !match.clause.isAsked, !isQuestion(match.keys()) else { return nil }
            let note = match.remainder
            let told = facts(in: match.clause, range: match.captures[0])?.first ?? attribute(match.clause, match.captures[0])
            return [Fact(key: Fact.note, value: note, sentence: told?.sentence ?? "“\(note)”", language: .chinese)]
                + (told.map { [$0] } ?? [])
        },
        Rule("我(的|)(名字|姓名)(是|叫|叫做)*", "我(现在|)(叫|叫做|名叫)*", "(大家|朋友们|朋友|同事|你可以|可以|请|你就|就|以后|)(都|)叫我*(就行|就好|就可以|好|行|)", "我姓*") { match in
            known("name", match, "你叫\(match.text())")
        },
        Rule("我(的|)(年龄|年纪)(是|)*(岁|)", "我(今年|现在|已经|)(是|)*(周岁|岁)(了|)", "我今年*", "今年*岁(了|)") { match in
            guard let age = Numeral.value(of: match.keys()), (0...150).contains(age) else { return nil }
            return [Fact(key: "age", value: age.plain, sentence: "你\(age.plain)岁", language: .chinese)]
        },
        Rule(
            "我(现在|目前|一直|)(住|居住|定居)(在|)*",
            "我(的|)家(住|)在*",
            "我(刚|)(搬到|搬去|搬家到)(了|)*",
            "(现在|)住在*"
        ) { match in known("home", match, "你住在\(match.text())") },
        Rule("我(是|)来自*", "我(的|)(老家|家乡)(在|是)*", "我(是|)从*来(的|)") { match in known("origin", match, "你来自\(match.text())") },
        Rule("我在*(工作|上班)", "我为*(工作|上班)") { match in known("job", match, "你在\(match.text())工作") },
        Rule("我的(工作|职业)是*", "我(是|)(做|从事)*(工作|的|)") { match in known("job", match, "你的工作是\(match.text())") },
        Rule("我(是|)*出生(的|)", "我(出生|生)(于|在)*") { match in known("i was born", match, "你出生于\(match.text())") },
        Rule("我是(一名|一个|一位|个|名)*") { match in known("being", match, "你是\(match.text())") },
        Rule("我(也|)是*人") { match in
            guard let last = match.keys().last, match.keys().count <= 6, !["工", "商", "军", "老", "诗", "好", "的"].contains(last) else {
                return nil
            }
            return known("origin", match, "你是\(match.text())人")
        },
        Rule("我(也|)是*") { match in
            let words = match.keys()
            guard words.count <= 8, let last = words.last, !["说", "想", "来", "因", "为", "在"].contains(words[0]) else { return nil }
            return known(trades.contains(last) ? "being" : "self", match, "你是\(match.text())")
        },
        Rule("我最(喜欢|爱)的*是*") { match in
            known(FactKey.key(for: ["最", "爱"] + match.keys()), match, hole: 1, "你最喜欢的\(match.text())是\(match.text(1))")
        },
        Rule("我(的|家的|家|)*的名字(是|叫)*", "我(的|家的|家|有一只|有一个|养了一只)*(叫|名叫|叫做)*") { match in
            known(FactKey.key(for: match.keys() + ["名", "字"]), match, hole: 1, "你的\(match.text())叫\(match.text(1))")
        },
        Rule("我的*(是|为|在)*") { match in
            guard match.captures[0].count <= 8 else { return nil }
            return known(FactKey.key(for: match.keys()), match, hole: 1, "你的\(match.text())是\(match.text(1))")
        },
        Rule("我*(叫|名叫|叫做)*") { match in
            guard FactKey.isKnown(match.keys()), match.keys(1)[0] != "我" else { return nil }
            return known(FactKey.key(for: match.keys() + ["名", "字"]), match, hole: 1, "你的\(match.text())叫\(match.text(1))")
        },
        Rule("我*(是|今年)*") { match in
            guard FactKey.isKnown(match.keys()) else { return nil }
            return known(FactKey.key(for: match.keys()), match, hole: 1, "你的\(match.text())是\(match.text(1))")
        },
        Rule("我(很|非常|特别|也|都|)(不喜欢|讨厌|不爱)*") { match in known("i dislike", match, "你不喜欢\(match.text())") },
        Rule("我(很|非常|特别|也|最|还|都|)(喜欢|爱)*") { match in known("i like", match, "你喜欢\(match.text())") },
        Rule("我(会说|会讲)*") { match in known("i speak", match, "你会说\(match.text())") },
        Rule("我(还|)(有|养了)(一|两|二|三|四|五|1|2|3|4|5)*") { match in
            let start = match.captures[0].lowerBound - 1
            let words = match.clause.text(of: start..<match.captures[0].upperBound)
            guard !match.keys().contains("问") else { return nil }
            return known("i have", match, "你有\(words)")
        },
    ]

    /// "门禁密码是4471"
    private static func attribute(_ clause: Clause, _ range: Range<Int>) -> Fact? {
        attribute.meaning(of: clause, range: range)?.first
    }

    private static let attribute: RuleTable<[Fact]> = [
        Rule("*(是|在)*") { match in
            known(FactKey.key(for: match.keys()), match, hole: 1, "\(match.text())是\(match.text(1))")
        }
    ]

    private static func known(_ key: String, _ match: Match, hole: Int = 0, _ sentence: String) -> [Fact]? {
        let words = match.keys(hole)
        guard !key.isEmpty, !isQuestion(words), !["你", "它", "这", "那"].contains(words[0]) else { return nil }
        return [Fact(key: key, value: match.text(hole), sentence: sentence, language: .chinese)]
    }

    private static func isQuestion(_ words: [String]) -> Bool {
        let text = words.joined()
        return ["什么", "谁", "哪", "多少", "几", "吗", "啥"].contains { word in
            text.indices.contains { text[$0...].hasPrefix(word) }
        }
    }

    private static func facts(in clause: Clause, range: Range<Int>) -> [Fact]? {
        statements.meaning(of: clause, range: range)
    }

    /// How the words for most trades end.
    private static let trades: Set = ["师", "员", "生", "家", "工", "手", "长", "者", "民", "兵", "警"]
}
