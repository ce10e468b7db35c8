import TestSupport
import Testing

@testable import HTTPClient

@Suite("A response between the transfer thread and its task")
struct ResponseBufferTests {
    private func add(_ count: Int, to buffer: ResponseBuffer) -> Bool {
        [UInt8](repeating: 1, count: count).withUnsafeBytes { buffer.add($0, status: 200) }
    }

    @Test("bytes that wait are bounded: more are refused until they are read, and then the transfer goes on")
    func bounded() async throws {
        let buffer = ResponseBuffer()
        var count = 0
        while count < 1 << 20, add(8192, to: buffer) { count += 8192 }
        #expect(count == ResponseBuffer.capacity)
        let first = try #require(await buffer.next())
        #expect(first.bytes.count == count && first.isResuming && first.status == 200)
        #expect(add(1, to: buffer))
        let second = try #require(await buffer.next())
        #expect(second.bytes.count == 1 && !second.isResuming)
    }

    @Test("what arrived before the end is read before it, and the first end counts")
    func end() async throws {
        let buffer = ResponseBuffer()
        #expect(add(3, to: buffer))
        buffer.end(.success(HTTPResponseHead(status: 200)))
        buffer.end(.failure(TransferError(.broken, "late")))
        #expect(await buffer.next()?.bytes.count == 3)
        #expect(await buffer.next() == nil)
        #expect(try buffer.result?.get().status == 200)
    }

    @Test("a waiting task gets what arrives")
    func waiting() async throws {
        let buffer = ResponseBuffer()
        async let chunk = buffer.next()
        await Task.yield()
        #expect(add(2, to: buffer))
        #expect(await chunk?.bytes.count == 2)
        async let end = buffer.next()
        await Task.yield()
        buffer.end(.success(HTTPResponseHead(status: 200)))
        #expect(await end == nil)
    }
}
