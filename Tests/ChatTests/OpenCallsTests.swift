import Chat
import TestSupport
import Testing

@Suite("Tool calls without a result")
struct OpenCallsTests {
    private func calls(_ ids: String...) -> OpenCalls { OpenCalls(ids.map { Message.ToolCall(id: $0, name: "f", arguments: "") }) }

    @Test("a result closes the first open call with its id, and what is left keeps its order")
    func closing() {
        var calls = calls("a", "b", "a", "c")
        let first = calls.close("a")
        #expect(first && calls.remaining == ["b", "a", "c"])
        let others = ["a", "a", "d"].map { calls.close($0) }
        #expect(others == [true, false, false] && calls.remaining == ["b", "c"])
    }

    @Test("ids are compared by their bytes")
    func bytes() {
        var calls = calls("e\u{301}")
        let closed = ["\u{e9}", "e\u{301}"].map { calls.close($0) }
        #expect(closed == [false, true])
    }

    @Test("closing is linear in the calls, and in the length of ids that are runs of combining marks")
    func growing() {
        let ratio = growth(from: 4000) { count in
            var calls = OpenCalls((0..<count).map { Message.ToolCall(id: "call_\($0)", name: "f", arguments: "") })
            for index in (0..<count).reversed() { _ = calls.close("call_\(index)") }
            #expect(calls.remaining.isEmpty)
        }
        #expect(ratio < linearGrowth)
        let longIDs = growth(from: 8000) { size in
            var calls = calls(mixedMarks(size), mixedMarks(size + 1))
            let isClosed = calls.close(mixedMarks(size - 1))
            #expect(!isClosed)
        }
        #expect(longIDs < linearGrowth)
    }
}
