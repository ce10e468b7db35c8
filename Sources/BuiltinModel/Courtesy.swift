import Chat
import Models

/// Words before and after what a clause says.
enum Courtesy {
    /// Where the clause begins without its first lead-in.
    static func start(of tokens: [Token], _ range: Range<Int>) -> Int {
        for opener in openers[tokens[range.lowerBound].key] ?? [] where opener.count < range.count {
            if zip(opener, tokens[range]).allSatisfy({ $0 == $1.key }) { return range.lowerBound + opener.count }
        }
        return range.lowerBound
    }

    /// Where the clause ends without what follows it. "Ok thanks" and "time now" stay whole: one word is too little to go by.
    static func end(of tokens: [Token], _ range: Range<Int>) -> Int {
        var end = range.upperBound
        var found = true
        while found {
            found = false
            for closer in closers[tokens[end - 1].key] ?? [] where closer.count < end - range.lowerBound {
                guard end - closer.count - range.lowerBound > 1 || tokens[range.lowerBound].isHan else { continue }
                guard zip(closer, tokens[(end - closer.count)..<end]).allSatisfy({ $0 == $1.key }) else { continue }
                end -= closer.count
                found = true
                break
            }
        }
        return end
    }

    private static func phrases(_ text: String) -> [[String]] {
        text.split(separator: "|").map { phrase in
            phrase.split(separator: " ").flatMap { word in
                word.unicodeScalars.contains(where: \.isHan) ? word.map(String.init) : [String(word)]
            }
        }
    }

    private static let openers = Dictionary(
        grouping: phrases(
            """
            good morning|good evening|good afternoon|hi there|hello there|hey there|hi|hello|hey|well|oh|ok|okay|so|yes|no|please|actually|also|\
            and|but|then|now|by the way|btw|fyi|just|sorry|sorry but|excuse me|thanks|thank you|great|nice|cool|again|nanobot|bot|um|hmm|right|\
            can you|could you|would you|will you|tell me|remind me|do you know|do you remember|do you recall|do you still remember|you know|\
            i want to know|i would like to know|i want you to|i would like you to|i need you to|i forgot|i forget|\
            did i tell you|have i told you|did i mention|what did i say|i wonder|can i ask|may i ask|\
            let me ask|let me know|say|quick question|question|one more question|for the record|as you know|i think|i believe|i guess|i said|\
            i said that|i told you|i told you that|you should know|you should know that|did you know|know that|that|first|in fact|from now on|\
            this is a test|to be clear|guess|yo|
            你好|你还记得|你记得|你还知道|你知道|你能告诉我|能告诉我|可以告诉我|告诉我|\
            请问一下|请问|请|麻烦|麻烦你|帮我|帮忙|你能|你可以|能不能|可不可以|\
            能|可以|那么|那|嗯|哦|对了|好的|好|嗨|哈喽|其实|还有|另外|顺便|顺便问一下|问一下|想问一下|我想问|我想知道|我想问一下|我忘了|提醒我|\
            不过|但是|而且|所以|现在|我说过|我告诉过你|说|再|再说一遍|谢谢|早上好|晚上好|下午好|大家好|到目前为止|目前|在这里|刚才
            """.replacingNewlines)
    ) { $0[0] }

    private static let closers = Dictionary(
        grouping: phrases(
            """
            please|now|again|today|then|thanks|thank you|nanobot|bot|by the way|btw|exactly|actually|right now|at the moment|these days|though|\
            currently|if you remember|if you know|do you know|do you remember|too|as well|anyway|so far|to you|lol|haha|friend|mate|man|bro|\
            for me|can you tell me|remember|
            吗|呢|啊|呀|吧|嘛|哦|啦|哈|来着|谢谢|谢谢你|一下|你知道|你记得|你还记得|了|哟|喔
            """.replacingNewlines)
    ) { $0[$0.count - 1] }
}

extension String {
    fileprivate var replacingNewlines: String { String(map { $0.isNewline ? " " : $0 }) }
}
