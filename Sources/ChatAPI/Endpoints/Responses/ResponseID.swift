import Crypto
import JSON
import Sessions
import Text

/// Where a stored turn is: what the ids of responses and of stored chat completions say. They have at most 64 characters, and clients cannot guess them.
struct TurnAddress: Equatable {
    let turn: TurnReference
    let session: SessionLocator
    /// Letters and digits. Kept, since the items of a response begin with it, too.
    let text: String

    /// How much of a turn's id is in others: 100 bits.
    private static let randomLength = 20
    /// Seconds since 1970, for a thousand years.
    private static let timeLength = 7

    /// - Parameters:
    ///   - turnID: the whole id of the turn, which begins with `turn-`.
    ///   - time: when the turn began, or any time before it was stored, in seconds since 1970.
    init(turnID: String, time: Int, in session: SessionKey) {
        let prefix = String(turnID.prefix(Turn.idPrefix.count + Self.randomLength))
        self.init(TurnReference(idPrefix: prefix, time: max(0, time)), SessionLocator(session))
    }

    init(_ turn: Turn, in session: SessionKey) {
        self.init(turnID: turn.id, time: (turn.response ?? turn.completion)?.member("created_at")?.wholeNumber ?? turn.created, in: session)
    }

    /// Reads an address at the beginning of a text.
    ///
    /// - Returns: nil if there is none.
    fileprivate init?(prefixOf text: Substring) {
        let random = text.prefix(Self.randomLength)
        let rest = text.dropFirst(Self.randomLength)
        guard random.utf8.count == Self.randomLength, random.utf8.allSatisfy(Identifier.isDigit),
            let time = Identifier.number(rest.prefix(Self.timeLength)),
            let locator = SessionLocator(prefixOf: rest.dropFirst(Self.timeLength))
        else { return nil }
        self.init(TurnReference(idPrefix: Turn.idPrefix + random, time: time), locator)
    }

    private init(_ turn: TurnReference, _ session: SessionLocator) {
        (self.turn, self.session) = (turn, session)
        text = turn.idPrefix.dropFirst(Turn.idPrefix.count) + Identifier.digits(turn.time, count: Self.timeLength) + session.description
    }

    /// The id of the turn's response.
    var responseID: String { Self.responsePrefix + text }

    private static let responsePrefix = "resp_"

    /// Nil if the text is no response's id.
    init?(responseID id: String) { self.init(id, prefix: Self.responsePrefix) }

    /// The id of the turn's chat completion, if that is stored.
    var completionID: String { Self.completionPrefix + text }

    static let completionPrefix = "chatcmpl-"

    /// Nil if the text is no stored chat completion's id.
    init?(completionID id: String) { self.init(id, prefix: Self.completionPrefix) }

    private init?(_ id: String, prefix: String) {
        guard id.hasPrefix(prefix), let address = TurnAddress(prefixOf: id.dropFirst(prefix.count)), prefix + address.text == id else {
            return nil
        }
        self = address
    }
}

/// Which item of a turn an id names.
struct ItemID {
    enum Kind: String, CaseIterable {
        case message = "msg_"
        case reasoning = "rs_"
        case call = "fc_"
        case result = "fco_"
    }

    var kind: Kind
    var address: TurnAddress
    /// Which of the turn's messages: 0 is the model's answer, and the others count from 1.
    var message: Int
    /// Which of the calls of an assistant's message; 0 for what is no call.
    var call = 0

    /// How many calls of one message have ids of their own.
    static let callLimit = 1 << 12

    init(_ kind: Kind, _ address: TurnAddress, message: Int, call: Int = 0) {
        (self.kind, self.address, self.message, self.call) = (kind, address, message, min(call, Self.callLimit - 1))
    }

    /// Nil if the text is no item's id.
    init?(_ text: String) {
        guard let kind = Kind.allCases.first(where: { text.hasPrefix($0.rawValue) }),
            let address = TurnAddress(prefixOf: text.dropFirst(kind.rawValue.count)),
            let number = Identifier.number(text.dropFirst(kind.rawValue.count + address.text.count))
        else { return nil }
        let calls = kind == .call ? Self.callLimit : 1
        self.init(kind, address, message: number / calls, call: number % calls)
        guard description == text else { return nil }
    }
}

extension ItemID: CustomStringConvertible {
    var description: String {
        let number = kind == .call ? message * Self.callLimit + call : message
        let count = (1...12).first { number >> ($0 * 5) == 0 } ?? 12
        return kind.rawValue + address.text + Identifier.digits(number, count: count)
    }
}
