import CGI
import Crypto
import Server
import Sessions

extension Turn.Origin {
    /// What a turn records about its request.
    init(_ context: RequestContext, body: [UInt8]) throws(APIError) {
        self.init(
            id: context.requestID, idempotencyKey: try Self.idempotencyKey(context.request), bodySHA256: SHA256.hexadecimal(of: body),
            isRetry: Self.isRetry(context.request))
    }

    /// The client's own name for a request: `Idempotency-Key`, or a messenger's `x-message-id`. An empty one counts as absent.
    ///
    /// Both are checked, although one is used: a proxy that drops the other must not make a request wrong.
    private static func idempotencyKey(_ request: Request) throws(APIError) -> String? {
        var keys: [String] = []
        for name in ["idempotency-key", "x-message-id"] {
            guard let key = request.header(name), !key.isEmpty else { continue }
            // U+FFFD replaces bytes that are not UTF-8, so two different keys could become the same.
            guard key.utf8.count <= longestKey, !key.unicodeScalars.contains("\u{fffd}") else {
                throw .invalidValue("\(name) must be UTF-8 and at most \(longestKey) bytes", param: name)
            }
            keys.append(key)
        }
        return keys.first
    }

    private static let longestKey = 255

    private static func isRetry(_ request: Request) -> Bool {
        request.header("x-stainless-retry-count").flatMap { Int($0) }.map { $0 > 0 } ?? false
    }
}
