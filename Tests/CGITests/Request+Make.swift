import CGI

extension Request {
    /// A request of these meta-variables, given as pairs so that they can repeat.
    static func make(_ metaVariables: KeyValuePairs<String, String> = [:], body: Body = .complete([])) -> Request {
        Request(metaVariables: metaVariables.map { (name: $0.key, value: $0.value) }, body: body)
    }
}
