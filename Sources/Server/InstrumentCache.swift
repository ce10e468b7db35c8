import Concurrency
import Text

/// Instruments of swift-metrics by a label and a status. To find one by its name and labels takes longer than to use it.
package struct InstrumentCache<Instruments: Sendable>: Sendable {
    private let known = Mutex<[TextKey: [Int: Instruments]]>([:])

    package init() {}

    /// The instruments; those that `make` returns the first time.
    package func instruments(_ label: String, status: Int, make: () -> Instruments) -> Instruments {
        known.withLock { known in
            if let instruments = known[TextKey(label)]?[status] { return instruments }
            let instruments = make()
            known[TextKey(label), default: [:]][status] = instruments
            return instruments
        }
    }
}
