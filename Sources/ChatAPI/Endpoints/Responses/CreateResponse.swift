import Access
import CGI
import Logging
import Server
import Sessions

/// `POST /v1/responses`: one turn, of the session that the request names or of a new one.
struct CreateResponse: Endpoint {
    let service: ChatService
    let method = "POST"
    let path = "/v1/responses"
    let admission = Admission.permitted(.chat)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let body = try context.body()
        let request = try ResponseRequest(body, allowsRemoteImages: service.settings.allowsRemoteImages)
        guard !request.stream || service.settings.streams else { throw APIError.streamUnsupported }
        let entry = try context.model(request.model, of: service)
        if !request.skippedTools.isEmpty {
            context.logger.info("Tools of these types are not offered to the model: \(request.skippedTools.joined(separator: ", "))")
        }
        let origin = try Turn.Origin(context, body: body)
        let state = try ResponseState(context, request, service, origin)
        let run = ResponseRun(
            request, try await state.conversation(of: request, context, service), state, entry, origin, context, service)
        if request.isInBackground { return try await BackgroundRun(run).respond(to: context, writer) }
        guard request.stream else {
            return try await context.answer(writer, service.settings) { addHeader in
                let (turn, object) = try await run.answer(ResponseRun.Listener(addHeader: addHeader, delivery: context.delivery))
                return object.json(turn)
            }
        }
        let stream = ResponseStream()
        try await context.answer(
            writer, service.settings, lateError: { stream.end($0) },
            events: { buffer in
                let (turn, object) = try await run.answer(
                    ResponseRun.Listener(
                        onDelta: { buffer.send(stream.events($0, of: $1)) }, addHeader: buffer.addHeader, delivery: context.delivery))
                return stream.end(turn, of: object)
            })
    }
}
