import BuiltinModel
import Concurrency
import Models
import TestSupport
import Testing

@Suite("Chunks of an answer")
struct ChunksTests {
    private func chunks(_ message: String) async -> (chunks: [String], answer: String) {
        let chunks = Mutex<[String]>([])
        let completion = await BuiltinModel.make.complete(.make(message: message)) { delta in chunks.withLock { $0.append(delta.content) } }
        return (chunks.withLock(\.self), completion.content)
    }

    @Test(
        "an answer comes word by word, and joined the words are the answer",
        arguments: ["Hello, who are you?", "2 + 2", "Remember that my name is 👩‍👩‍👧 Zoë", "a\n\n b\t", ""])
    func words(message: String) async {
        let (chunks, answer) = await chunks(message)
        #expect(chunks.joined() == answer)
        #expect(chunks.count == answer.split(whereSeparator: \.isWhitespace).count)
        #expect(chunks.allSatisfy { !$0.isEmpty })
    }

    @Test("Han characters come one by one", arguments: ["你是谁", "帮助"])
    func han(message: String) async {
        let (chunks, answer) = await chunks(message)
        #expect(chunks.joined() == answer)
        #expect(chunks.count > 10)
        #expect(chunks.allSatisfy { chunk in chunk.count { $0 == "是" || $0 == "的" || $0 == "模" } <= 1 })
    }
}
