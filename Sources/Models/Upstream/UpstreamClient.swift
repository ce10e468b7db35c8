import Chat
import FoundationEssentials
import Glibc
import Locking

/// Speaks to OpenAI-compatible servers. One for the whole program: its models share connections and a thread.
public final class UpstreamClient: Sendable {
    private let http: HTTPClient

    /// Loads and starts nothing before it is asked something.
    ///
    /// - Parameter maximumConnections: the most connections to servers at once; further requests wait for one.
    public init(maximumConnections: Int) {
        http = HTTPClient(maximumConnections: maximumConnections)
    }

    /// Asks for a completion, as a stream where somebody wants the pieces.
    func complete(
        _ prompt: Prompt, _ upstream: UpstreamSettings, model: String, until deadline: ContinuousClock.Instant,
        _ limits: UpstreamModel.Limits, onDelta: (@Sendable (Delta) -> Void)?
    ) async throws(ModelError) -> Completion {
        let request = request(
            upstream, "/chat/completions", body: prompt.body(model: model, isStream: onDelta != nil), until: deadline, limits)
        let readsLogprobs = prompt.parameters.contains { $0.name == "logprobs" || $0.name == "top_logprobs" }
        guard let onDelta else {
            return try Self.completion(try await send(request, upstream, limits), prompt, readsLogprobs)
        }
        let stream = Stream(CompletionReader(readsLogprobs: readsLogprobs), onDelta)
        let response = try await send(request, upstream, limits) { stream.append($1, isEvents: $0.isEventStream) }
        guard response.isEventStream else {
            // A server that does not stream answers all at once.
            var whole = response
            whole.body = stream.bytes
            let completion = try Self.completion(whole, prompt, readsLogprobs)
            onDelta(Delta(completion))
            return completion
        }
        return try stream.finish(prompt)
    }

    /// The first model of the server's list.
    func firstModel(
        of upstream: UpstreamSettings, until deadline: ContinuousClock.Instant, _ limits: UpstreamModel.Limits
    ) async throws(ModelError) -> String {
        struct List: Decodable {
            struct Model: Decodable { var id: String }
            var data: [Model]
        }
        let response = try await send(request(upstream, "/models", body: nil, until: deadline, limits), upstream, limits)
        guard let id = try? JSONDecoder().decode(List.self, from: Data(response.body)).data.first?.id else {
            throw ModelError(.failed, "\(upstream.shownURL) does not say which models it has; set upstream.model")
        }
        return id
    }

    private func request(
        _ upstream: UpstreamSettings, _ path: String, body: [UInt8]?, until deadline: ContinuousClock.Instant,
        _ limits: UpstreamModel.Limits
    ) -> HTTPRequest {
        var headers = [(name: "User-Agent", value: "nanobot"), (name: "Accept", value: "application/json, text/event-stream")]
        if let key = upstream.key { headers.append(("Authorization", "Bearer \(key)")) }
        if body != nil { headers.append(("Content-Type", "application/json")) }
        return HTTPRequest(
            url: upstream.url + path, headers: headers, body: body, timeout: max(.zero, deadline - .now),
            connectTimeout: limits.connectTimeout)
    }

    /// Sends a request; every answer but a good one is an error.
    private func send(
        _ request: HTTPRequest, _ upstream: UpstreamSettings, _ limits: UpstreamModel.Limits,
        onBody: (@Sendable (HTTPResponse, ArraySlice<UInt8>) -> Void)? = nil
    ) async throws(ModelError) -> HTTPResponse {
        do {
            let response = try await http.send(request, onBody: onBody)
            guard response.status == 200 else { throw ModelError(response, upstream) }
            return response
        } catch let failure as HTTPFailure {
            throw ModelError(failure, upstream, limits)
        } catch let error as ModelError {
            throw error
        } catch {
            throw ModelError(.failed, "\(error)")
        }
    }

    private static func completion(_ response: HTTPResponse, _ prompt: Prompt, _ readsLogprobs: Bool) throws(ModelError) -> Completion {
        guard let reply = UpstreamReply(response.body) else { throw ModelError(.failed, "The upstream's answer is no completion") }
        if let problem = reply.error { throw ModelError(.failed, "The upstream failed: \(problem.message ?? "it does not say why")") }
        guard let choice = reply.choices?.first, let said = choice.message ?? choice.delta else {
            throw ModelError(.failed, "The upstream's answer has no choice")
        }
        let calls = (said.toolCalls ?? []).map { call in
            Message.ToolCall(
                id: call.id.flatMap { $0.isEmpty ? nil : $0 } ?? Identifier.make(prefix: "call_"), name: call.function?.name ?? "",
                arguments: call.function?.arguments ?? "")
        }
        var completion = Completion(
            content: said.content ?? "", refusal: said.refusal, toolCalls: calls,
            logprobs: readsLogprobs ? UpstreamReply.logprobs(in: response.body) : nil,
            finishReason: UpstreamModel.finishReason(choice.finishReason, calls), usage: Usage(promptTokens: 0, completionTokens: 0))
        completion.usage = reply.usage?.usage ?? .counted(prompt, completion)
        return completion
    }

    /// A stream that is being read: written by the client's thread, and at its end by the turn.
    private final class Stream: Sendable {
        private struct State {
            var reader: CompletionReader
            var failure: ModelError?
            /// Of a body that is no stream.
            var bytes: [UInt8] = []
        }

        private let state: Mutex<State>
        private let onDelta: @Sendable (Delta) -> Void

        init(_ reader: CompletionReader, _ onDelta: @escaping @Sendable (Delta) -> Void) {
            state = Mutex(State(reader: reader))
            self.onDelta = onDelta
        }

        var bytes: [UInt8] { state.withLock(\.bytes) }

        func append(_ bytes: ArraySlice<UInt8>, isEvents: Bool) {
            let deltas = state.withLock { state -> [Delta] in
                guard isEvents else {
                    state.bytes += bytes
                    return []
                }
                guard state.failure == nil else { return [] }
                do throws(ModelError) {
                    return try state.reader.append(bytes)
                } catch {
                    state.failure = error
                    return []
                }
            }
            for delta in deltas { onDelta(delta) }
        }

        func finish(_ prompt: Prompt) throws(ModelError) -> Completion {
            var (reader, failure) = state.withLock { ($0.reader, $0.failure) }
            if let failure { throw failure }
            var (completion, usage, last) = try reader.finish()
            if let last { onDelta(last) }
            completion.usage = usage ?? .counted(prompt, completion)
            return completion
        }
    }
}

extension HTTPResponse {
    fileprivate var isEventStream: Bool { header("content-type")?.lowercased().hasPrefix("text/event-stream") ?? false }
}

extension Delta {
    /// All of a completion at once.
    init(_ completion: Completion) {
        self.init(
            content: completion.content, refusal: completion.refusal,
            toolCalls: completion.toolCalls.enumerated().map { ToolCall(index: $0, id: $1.id, name: $1.name, arguments: $1.arguments) },
            logprobs: completion.logprobs)
    }
}

extension Usage {
    /// What a server that does not count has cost: words.
    fileprivate static func counted(_ prompt: Prompt, _ completion: Completion) -> Usage {
        Usage(promptTokens: prompt.messages.wordCount, completionTokens: completion.content.wordCount)
    }
}
