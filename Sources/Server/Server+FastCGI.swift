import CGI
import Crypto
package import FastCGI
import Logging

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
        let delivery = await serve(request, to: exchange.output)
        await exchange.finish(ifLost: delivery.fail)
    }

    /// The response to a request whose head is too long to be read, so that no middleware sees it. Does not wait.
    package func refuseLongHead() -> [UInt8] {
        let (id, error) = (Identifier.make(prefix: "req_"), APIError.headTooLarge)
        logger.info("no route", metadata: ["request": "\(id)", "status": "\(error.status)"])
        RequestMetrics.count(unroutedStatus: error.status)
        return Response.json(error.body, status: error.status, headers: [("x-request-id", id)] + CacheControl.headers)
            .serialized(includesBody: true)
    }
}

extension ResponseStream: ResponseOutput {}
