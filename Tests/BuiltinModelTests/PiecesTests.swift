import BuiltinModel
import Concurrency
import Models
import TestSupport
import Testing

@Suite("Built-in model: pieces")
struct PiecesTests {
    private func pieces(_ message: String) async -> (pieces: [String], answer: String) {
        let pieces = Mutex<[String]>([])
        let completion = await BuiltinModel.make.complete(.make(message: message)) { delta in pieces.withLock { $0.append(delta.content) } }
        return (pieces.withLock(\.self), completion.content)
    }

    @Test(
        "an answer comes word by word, and joined the words are the answer",
        arguments: ["Hello, who are you?", "2 + 2", "Remember that my name is 👩‍👩‍👧 Zoë", "a\n\n b\t", ""])
    func words(message: String) async {
        let (pieces, answer) = await pieces(message)
        #expect(pieces.joined() == answer)
        #expect(pieces.count == answer.split(whereSeparator: \.isWhitespace).count)
        #expect(pieces.allSatisfy { !$0.isEmpty })
    }

    @Test("Han characters come one by one", arguments: ["你是谁", "帮助"])
    func han(message: String) async {
        let (pieces, answer) = await pieces(message)
        #expect(pieces.joined() == answer)
        #expect(pieces.count > 10)
        #expect(pieces.allSatisfy { piece in piece.count { $0 == "是" || $0 == "的" || $0 == "模" } <= 1 })
    }
}
