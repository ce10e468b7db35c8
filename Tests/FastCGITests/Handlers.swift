import FastCGI
import Harness
import TestSupport

/// The result of reading a request's body.
enum Body: Sendable, Equatable {
    case complete([UInt8])
    case tooLarge
    case incomplete
    case late
}

extension Exchange {
    /// Reads the body.
    mutating func body(limit: Int) async -> Body {
        do throws(FastCGIError) {
            return .complete(try await readBody(limit: limit))
        } catch {
            return error.code == .bodyTooLarge ? .tooLarge : error.code == .bodyTimedOut ? .late : .incomplete
        }
    }
}

/// Handlers for the tests' responders.
enum Handlers {
    static let bodyLimit = 2 << 20

    /// Responds with the parameters and the body, as text.
    static let echo: ResponderFixture.Handler = { exchange in
        var exchange = exchange
        let body = await exchange.body(limit: bodyLimit)
        try? await exchange.output.write(Array(text(exchange.parameters, body).utf8), isLast: true)
        await exchange.finish()
    }

    /// Responds with a text and ignores the request.
    static func say(_ text: String) -> ResponderFixture.Handler {
        { exchange in
            try? await exchange.output.write(Array(text.utf8), isLast: true)
            await exchange.finish()
        }
    }

    /// Echoes once the gate is open.
    static func echo(after gate: Gate) -> ResponderFixture.Handler {
        { exchange in
            await gate.pass()
            await echo(exchange)
        }
    }

    /// Echoes, and records the result of reading each body.
    static func echo(to log: Log<Body>, limit: Int = bodyLimit) -> ResponderFixture.Handler {
        { exchange in
            var exchange = exchange
            let body = await exchange.body(limit: limit)
            log.append(body)
            try? await exchange.output.write(Array(text(exchange.parameters, body).utf8), isLast: true)
            await exchange.finish()
        }
    }

    static func text(_ parameters: [(name: String, value: String)], _ body: Body) -> String {
        let lines = parameters.map { "\($0.name)=\($0.value)\n" }.joined()
        return switch body {
        case .complete(let bytes): lines + "\n" + String(decoding: bytes, as: UTF8.self)
        case .tooLarge: lines + "\ntoo large"
        case .incomplete: lines + "\nincomplete"
        case .late: lines + "\nlate"
        }
    }
}

extension Reply {
    /// The echo handler's response to a request.
    static func echo(_ parameters: [(String, String)] = [("REQUEST_METHOD", "GET")], body: String = "") -> Reply {
        // libfcgi puts the role in front (fcgiapp.c, FCGX_Accept_r).
        let parameters = [(name: "FCGI_ROLE", value: "RESPONDER")] + parameters.map { (name: $0.0, value: $0.1) }
        return .complete(Handlers.text(parameters, .complete(Array(body.utf8))))
    }
}
