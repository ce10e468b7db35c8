import Chat
import Models

/// The key under which a fact about a thing is kept, whatever the language and the spelling.
enum FactKey {
    /// The key for "dog's name" and "名字 of 狗" alike.
    static func key(for words: [String]) -> String {
        var key = words.filter { !ignored.contains($0) }
        if key.contains(where: { $0.unicodeScalars.first?.isHan ?? false }) { key = translated(key) }
        let joined = key.joined(separator: " ")
        return aliases[joined] ?? joined
    }

    /// Whether all of the words have a meaning in both languages.
    static func isKnown(_ words: [String]) -> Bool {
        !key(for: words).unicodeScalars.contains(where: \.isHan)
    }

    /// The Chinese words for a key, if all of them are known.
    static func chinese(for key: String) -> String? {
        var parts: [String] = []
        for word in key.split(separator: " ") {
            guard let part = reverse[String(word)] else { return nil }
            parts.append(part)
        }
        return parts.joined(separator: "的")
    }

    /// Greedy: the longest known word first. Characters between known words stay together.
    private static func translated(_ characters: [String]) -> [String] {
        var result: [String] = []
        var unknown = ""
        var index = 0
        while index < characters.count {
            let rest = characters[index...].prefix(4)
            let known = (1...rest.count).reversed().lazy.compactMap { count in
                words[rest.prefix(count).joined()].map { ($0, count) }
            }.first
            if let (word, count) = known {
                if !unknown.isEmpty { result.append(unknown) }
                unknown = ""
                result.append(word)
                index += count
            } else {
                unknown += characters[index]
                index += 1
            }
        }
        return unknown.isEmpty ? result : result + [unknown]
    }

    private static let ignored: Set = ["'s", "的", "my", "our", "the", "own", "current", "full"]

    private static let aliases = [
        "profession": "job", "occupation": "job", "work": "job", "city": "home", "home town": "origin", "hometown": "origin",
        "address": "home", "location": "home", "nationality": "origin", "date birth": "birthday", "birth date": "birthday",
        "telephone number": "phone number", "phone": "phone number", "dog called": "dog name", "cat called": "cat name",
    ]

    private static let table: [(String, String)] = [
        ("最喜欢", "favorite"), ("最爱", "favorite"), ("名字", "name"), ("姓名", "name"), ("工作", "job"), ("职业", "job"), ("年龄", "age"),
        ("年纪", "age"), ("家", "home"), ("住址", "home"), ("地址", "home"), ("家乡", "origin"), ("老家", "origin"), ("颜色", "color"),
        ("食物", "food"), ("菜", "food"), ("美食", "food"), ("电影", "movie"), ("书", "book"), ("歌", "song"), ("歌曲", "song"),
        ("音乐", "music"), ("运动", "sport"), ("动物", "animal"), ("水果", "fruit"), ("饮料", "drink"), ("城市", "city"),
        ("季节", "season"), ("数字", "number"), ("狗", "dog"), ("小狗", "dog"), ("猫", "cat"), ("小猫", "cat"), ("宠物", "pet"),
        ("母亲", "mother"), ("妈妈", "mother"), ("父亲", "father"), ("爸爸", "father"), ("妻子", "wife"), ("老婆", "wife"),
        ("丈夫", "husband"), ("老公", "husband"), ("儿子", "son"), ("女儿", "daughter"), ("哥哥", "brother"), ("弟弟", "brother"),
        ("姐姐", "sister"), ("妹妹", "sister"), ("朋友", "friend"), ("生日", "birthday"), ("手机", "phone"), ("电话", "phone"),
        ("号码", "number"), ("手机号", "phone"), ("邮箱", "email"), ("公司", "company"), ("爱好", "hobby"), ("密码", "password"), ("车", "car"),
    ]
    private static let words = Dictionary(table, uniquingKeysWith: { first, _ in first })
    private static let reverse = Dictionary(table.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
}
