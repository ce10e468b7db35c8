import Access
import Chat
import Concurrency
import FoundationEssentials
import JSON
import Models
import Server
import Sessions
import Text

/// What a turn costs: it is reserved of the limits of the caller's key before a model is asked, and then recorded.
final class Bill: Sendable {
    private struct State {
        /// True once a model may be asked.
        var isOpen = false
        /// What models used, also for summaries.
        var usage: Usage?
    }

    private let price: Price?
    private let session: SessionKey
    private let model: String
    /// The model's name in metrics.
    private let label: String
    private let payer: Payer
    private let metrics: TurnMetrics
    private let state = Mutex(State())

    init(_ request: TurnRequest, countedBy metrics: TurnMetrics) {
        (price, session, model, payer) = (request.model.price, request.session, request.model.id, request.payer)
        (label, self.metrics) = (request.model.listedID, metrics)
    }

    /// Reserves what the turn may cost.
    ///
    /// - Throws: `APIError` if nothing is left.
    func reserve(_ prompt: Prompt) throws {
        if let meter = payer.meter {
            let usage = prompt.estimatedUsage
            let cost = price?.cost(promptTokens: usage.promptTokens, completionTokens: usage.completionTokens)
            do throws(LimitError) {
                try meter.reserve(LimitAmount(tokens: usage.totalTokens, cost: cost ?? 0))
            } catch {
                throw meter.error(error)
            }
        }
        state.withLock { $0.isOpen = true }
    }

    /// Adds what a model used.
    func add(_ usage: Usage) { state.withLock { $0.usage = $0.usage.map { $0 + usage } ?? usage } }

    /// Settles what was reserved, and records the turn. Does nothing if no model was asked.
    ///
    /// - Parameter status: of the answer.
    func close(status: Int, at time: Date) {
        let (isOpen, known) = state.withLock { ($0.isOpen, $0.usage) }
        guard isOpen || known.map({ $0.totalTokens > 0 }) ?? false else { return }
        let usage = known ?? .zero
        metrics.count(model: label, status: status, usage)
        let cost = price?.cost(promptTokens: usage.promptTokens, completionTokens: usage.completionTokens)
        // A model that was stopped has used nobody knows how much: what was reserved for it is not given back.
        if known.map({ _ in true }) ?? (status != Self.clientLeft) {
            payer.meter?.settle(LimitAmount(tokens: usage.totalTokens, cost: cost ?? 0))
        }
        guard let log = payer.log else { return }
        let amount = UsageAmount(
            promptTokens: usage.promptTokens, completionTokens: usage.completionTokens, totalTokens: usage.totalTokens, cost: cost)
        log.add(
            UsageLine(
                at: time.ISO8601Format(), key: payer.keyID, session: session.description, model: model, amount: amount, status: status))
    }

    /// The status of a turn whose client left, as web servers log it; nobody gets it.
    private static let clientLeft = 499

    /// Settles and records a turn that failed.
    func close(_ error: any Error, at time: Date) {
        let isCancelled = error is CancellationError || (error as? ModelError)?.code == .cancelled
        close(status: isCancelled ? Self.clientLeft : (error as? any APIErrorConvertible)?.apiError.status ?? 500, at: time)
    }
}

/// Who pays for a turn.
struct Payer: Sendable {
    /// The id of the caller's API key; nil if the API is open.
    var keyID: String?
    /// Nil if the key has no limits.
    var meter: Meter?
    /// Where the turn is recorded; nil if it is not.
    var log: UsageLog?
}

extension Payer {
    /// The caller of a request.
    init(_ context: RequestContext, _ service: ChatService) {
        let isRecorded = service.settings.recordsOpenTurns || context.apiKey.map { _ in true } ?? false
        self.init(keyID: context.apiKey?.id, meter: context.meter, log: isRecorded ? service.usage : nil)
    }
}

extension Prompt {
    /// About what the turn may use.
    var estimatedUsage: Usage {
        // A word has some four thirds of a token, and a text without spaces a token for four bytes.
        let bytes = turn.reduce(0) { $0 + $1.content.utf8.count }
        let words = wordCount
        let limits = parameters.filter { $0.name == "max_tokens" || $0.name == "max_completion_tokens" }
        let limit = limits.compactMap(\.value.wholeNumber).first { $0 >= 0 }
        return Usage(promptTokens: max(words + words / 2, bytes / 4), completionTokens: limit ?? Self.usualCompletion)
    }

    /// In tokens: the length of a long answer.
    private static let usualCompletion = 1000
}
