import CGI
package import FastCGI

extension Server {
    /// Answers one request over FastCGI.
    package func serve(_ exchange: consuming Exchange) async {
        let body: Request.Body
        do throws(FastCGIError) {
            body = .complete(try await exchange.readBody(limit: options.bodyLimit))
        } catch {
            body =
                switch error.code {
                case .bodyTooLarge: .tooLarge
                case .bodyTimedOut: .timedOut
                default: .incomplete
                }
        }
        let request = Request(metaVariables: exchange.parameters, body: body)
        if options.onDisconnect == .cancel { exchange.cancelTaskOnHangUp() }
        await serve(request, to: exchange.output)
        await exchange.finish()
    }
}

extension ResponseStream: ResponseOutput {}
