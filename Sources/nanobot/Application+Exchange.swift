import CGI
import FastCGI
import JSON

extension Application {
    /// Answers one request of the web server, from its first byte to its last.
    static func serve(
        _ exchange: consuming Exchange, bodyLimit: Int, onDisconnect: DisconnectPolicy, respond: (Request) async -> Response
    ) async {
        let body: Request.Body =
            switch await exchange.readBody(limit: bodyLimit) {
            case .complete(let bytes): .complete(bytes)
            case .tooLarge: .tooLarge
            case .incomplete: .incomplete
            }
        let request = Request(metaVariables: exchange.parameters, body: body)
        if onDisconnect == .cancel { exchange.cancelTaskOnHangUp() }
        let response = await respond(request)
        await exchange.send(response, includesBody: request.method != "HEAD", onDisconnect: onDisconnect)
        await exchange.finish()
    }
}

extension Exchange {
    /// Sends a response. A web server that has left is no error: whether the turn goes on without it is the operator's choice.
    fileprivate func send(_ response: Response, includesBody: Bool, onDisconnect: Application.DisconnectPolicy) async {
        var isTaken = (try? write(response.serialized(includesBody: includesBody))) != nil
        guard case .stream(let pieces) = response.body, includesBody else { return }
        for await piece in pieces {
            if isTaken { isTaken = (try? await send(piece)) != nil }
            // Pieces that nobody takes end their turn. One that is to finish is waited for, so that a stop of the program waits, too.
            if !isTaken, onDisconnect == .cancel { return }
        }
    }
}
