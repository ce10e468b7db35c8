import Models

/// One spelling for words that are written in several ways.
enum Spelling {
    /// The tokens that a word stands for, in lower case.
    static func keys(of word: Substring) -> [String] {
        var key = word.lowercased()
        guard key.utf8.count < 40 else { return [key] }
        if !key.utf8.allSatisfy({ $0 < 0x80 }) {
            key = String(String.UnicodeScalarView(key.unicodeScalars.map { $0 == "’" ? "'" : $0 }))
        }
        if let known = words[key] { return known }
        guard key.utf8.contains(UInt8(ascii: "'")) else { return [key] }
        for (ending, meaning) in endings where key.hasSuffix(ending) {
            return [String(key.dropLast(ending.count)), meaning]
        }
        return [key]
    }

    private static let endings = [
        ("n't", "not"), ("'m", "am"), ("'re", "are"), ("'ve", "have"), ("'ll", "will"), ("'d", "would"), ("'s", "'s"),
    ]

    private static let words: [String: [String]] = [
        "what's": ["what", "is"], "whats": ["what", "is"], "where's": ["where", "is"], "wheres": ["where", "is"],
        "who's": ["who", "is"], "whos": ["who", "is"], "how's": ["how", "is"], "hows": ["how", "is"],
        "when's": ["when", "is"], "it's": ["it", "is"], "that's": ["that", "is"], "name's": ["name", "is"],
        "today's": ["today", "'s"], "im": ["i", "am"], "ive": ["i", "have"], "dont": ["do", "not"], "didnt": ["did", "not"],
        "cant": ["can", "not"], "can't": ["can", "not"], "cannot": ["can", "not"], "u": ["you"], "ur": ["your"], "pls": ["please"],
        "favourite": ["favorite"], "favourites": ["favorites"], "colour": ["color"], "colours": ["colors"], "thx": ["thanks"],
        "summarise": ["summarize"], "summarised": ["summarized"], "neighbour": ["neighbor"], "mum": ["mother"], "mom": ["mother"],
        "dad": ["father"], "films": ["movies"], "film": ["movie"], "programme": ["program"],
    ]

    /// The traditional characters and the polite forms that occur in the patterns.
    static let simplified: [String: String] = [
        "您": "你", "妳": "你", "麼": "么", "們": "们", "嗎": "吗", "記": "记", "問": "问", "題": "题", "總": "总", "結": "结",
        "討": "讨", "論": "论", "誰": "谁", "歲": "岁", "顏": "颜", "個": "个", "條": "条", "說": "说", "剛": "刚", "纔": "才",
        "過": "过", "幾": "几", "點": "点", "號": "号", "現": "现", "時": "时", "間": "间", "來": "来", "裡": "里", "裏": "里",
        "兒": "儿", "謝": "谢", "見": "见", "會": "会", "歡": "欢", "愛": "爱", "聊": "聊", "談": "谈", "訴": "诉", "訊": "讯",
        "對": "对", "後": "后", "媽": "妈", "貓": "猫", "電": "电", "話": "话", "數": "数", "曆": "历", "還": "还", "讓": "让",
    ]
}
