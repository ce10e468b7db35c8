import Chat
import FoundationEssentials
import Logging
import Models
import Sessions

extension TurnRunner {
    /// Summarizes turns. Returns nil if the model makes no summary; the turn is answered all the same.
    func summary(of turns: [PastTurn], newest: String, by entry: ModelCatalog.Entry, _ bill: Bill) async throws -> HistorySummary? {
        var problem = "The model's summary is empty"
        do throws(ModelError) {
            let completion = try await entry.model.summarize(turns)
            bill.add(completion.usage)
            guard completion.content.isEmpty else {
                return HistorySummary(
                    at: now().ISO8601Format(), text: completion.content, covers: newest, model: entry.id, usage: completion.usage)
            }
        } catch {
            guard error.code != .cancelled else { throw error }
            problem = "\(error)"
        }
        logger.warning("No summary of old turns: \(problem)")
        return nil
    }
}
