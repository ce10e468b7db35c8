import Chat
import JSON
import Testing

@Suite("Usage")
struct UsageTests {
    private func read(_ prompt: Int, _ completion: Int, _ total: Int) throws -> Usage {
        let text = #"{"prompt_tokens":\#(prompt),"completion_tokens":\#(completion),"total_tokens":\#(total)}"#
        return try ValueDecoder().read(Usage.self, from: Array(text.utf8)[...])
    }

    @Test("the total is what the model reported, otherwise the sum")
    func total() throws {
        #expect(Usage(promptTokens: 2, completionTokens: 3).totalTokens == 5)
        #expect(Usage(promptTokens: 2, completionTokens: 3, totalTokens: 9).totalTokens == 9)
        #expect(try read(2, 3, 9) == Usage(promptTokens: 2, completionTokens: 3, totalTokens: 9))
    }

    @Test("a sum that no integer holds is the largest integer")
    func largest() throws {
        let usage = Usage(promptTokens: .max, completionTokens: 1)
        #expect(usage.totalTokens == .max)
        #expect(try read(.max, .max, .max) + usage == Usage(promptTokens: .max, completionTokens: .max, totalTokens: .max))
        #expect(usage.json == ["prompt_tokens": .integer(.max), "completion_tokens": 1, "total_tokens": .integer(.max)])
    }

    @Test("negative counts are 0")
    func negative() throws {
        #expect(Usage(promptTokens: .min, completionTokens: .min) == .zero)
        #expect(try read(.min, .min, .min) == .zero)
        #expect(try read(2, -1, -1) == Usage(promptTokens: 2, completionTokens: 0, totalTokens: 2))
    }

    @Test("what else a usage says is kept, and a sum has none of it")
    func details() throws {
        let text = #"{"prompt_tokens":2,"prompt_tokens_details":{"cached_tokens":1},"completion_tokens":3,"total_tokens":5,"cost":0.10}"#
        let usage = try ValueDecoder().read(Usage.self, from: Array(text.utf8)[...])
        let expected =
            #"{"prompt_tokens":2,"completion_tokens":3,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":1},"cost":0.10}"#
        #expect(String(decoding: usage.json.serialized, as: UTF8.self) == expected)
        let sum = usage + Usage(promptTokens: 1, completionTokens: 1)
        #expect(sum.details.isEmpty && sum.totalTokens == 7)
    }
}
