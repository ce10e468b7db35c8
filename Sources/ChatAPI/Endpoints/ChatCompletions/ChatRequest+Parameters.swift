import Chat
import JSON
import Server
import Text

extension ChatRequest {
    private enum Rule {
        case number(ClosedRange<Double>)
        case integer(ClosedRange<Int>)
        case bool
        case string
        case check(@Sendable (JSONField) throws -> Void)
    }

    /// The parameters that a model gets, with their types and ranges from OpenAI's API reference.
    private static let rules: [(name: String, rule: Rule)] = [
        ("temperature", .number(0...2)), ("top_p", .number(0...1)),
        ("max_tokens", .integer(1...Int(Int32.max))), ("max_completion_tokens", .integer(1...Int(Int32.max))),
        ("stop", .check(checkStop)), ("seed", .integer(.min...(.max))),
        ("presence_penalty", .number(-2...2)), ("frequency_penalty", .number(-2...2)),
        ("response_format", .check(checkResponseFormat)), ("logit_bias", .check(checkLogitBias)),
        ("logprobs", .bool), ("top_logprobs", .integer(0...20)),
        ("tools", .check(checkTools)), ("tool_choice", .check(checkToolChoice)), ("parallel_tool_calls", .bool),
        ("functions", .check(checkFunctions)), ("function_call", .check(checkFunctionCall)),
        ("reasoning_effort", .string), ("verbosity", .string), ("user", .string), ("metadata", .check(checkMetadata)),
        ("service_tier", .string), ("safety_identifier", .string), ("prompt_cache_key", .string), ("prompt_cache_retention", .string),
        ("prediction", .check(checkTyped)), ("modalities", .check(checkModalities)), ("audio", .check(checkAudio)),
        ("web_search_options", .check { _ = try $0.members() }),
    ]

    /// Members that this program itself uses.
    private static let own = ["messages", "model", "stream", "stream_options", "n", "store"]

    /// Members by which some servers take another model, server or key than the operator's.
    private static let operators = [
        "models", "fallbacks", "engine", "deployment_id", "api_base", "base_url", "api_key", "api_version", "organization",
    ]

    /// What a request says to the model, checked. `max_completion_tokens` stands for the older `max_tokens`, too.
    ///
    /// - Returns: the checked parameters, and the members that OpenAI's API does not have, as they are.
    static func parameters(
        of body: JSONField
    ) throws -> (checked: [(name: String, value: JSONValue)], others: [(name: String, value: JSONValue)]) {
        var parameters: [(name: String, value: JSONValue)] = []
        for (name, rule) in rules {
            guard let field = try body.member(name) else { continue }
            var value = field.value
            switch rule {
            case .number(let range): _ = try field.number(in: range)
            case .integer(let range): value = .integer(try field.integer(in: range))
            case .bool: _ = try field.bool()
            case .string: _ = try field.string()
            case .check(let check): try check(field)
            }
            parameters.append((name, value))
        }
        if parameters.contains(where: { $0.name == "max_completion_tokens" }) { parameters.removeAll { $0.name == "max_tokens" } }
        let others = try body.members().lazy.map { (name: $0.name, value: $0.field.value) }.filter { member in
            !member.value.isNull && isForeign(member.name)
        }
        return (parameters, Array(others))
    }

    /// True for a member that no server takes for one that is checked here: some compare names in any case of letters, and not only ASCII's.
    private static func isForeign(_ name: String) -> Bool {
        let lower = name.lowercased()
        return name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } && !(own + operators).contains { $0 == lower }
            && !rules.contains { $0.name == lower }
    }

    private static func checkStop(_ field: JSONField) throws {
        guard case .array(let sequences) = field.value else {
            if case .string = field.value { return }
            throw field.refused("must be a string or an array of strings")
        }
        guard sequences.count <= 4 else { throw field.refused("must have at most 4 strings") }
        for sequence in try field.elements() { _ = try sequence.string() }
    }

    private static func checkResponseFormat(_ field: JSONField) throws {
        let type = try field.required("type")
        switch try type.string() {
        case "text", "json_object": break
        case "json_schema": _ = try field.required("json_schema").members()
        default: throw type.refused("must be text, json_object or json_schema")
        }
    }

    private static func checkLogitBias(_ field: JSONField) throws {
        for bias in try field.members() { _ = try bias.field.number(in: -100...100) }
    }

    static func checkMetadata(_ field: JSONField) throws {
        let members = try field.members()
        guard members.count <= 16 else { throw field.refused("must have at most 16 members") }
        for member in members { _ = try member.field.string() }
    }

    private static func checkTools(_ field: JSONField) throws {
        for tool in try field.elements() {
            let type = try tool.required("type")
            guard try type.string() == "function" else {
                throw APIError(status: 400, code: "unsupported_value", message: "\(type.path) must be function", param: type.path)
            }
            try checkFunction(try tool.required("function"))
        }
    }

    private static func checkFunctions(_ field: JSONField) throws {
        for function in try field.elements() { try checkFunction(function) }
    }

    static func checkFunction(_ function: JSONField) throws {
        let name = try function.required("name")
        guard isFunctionName(try name.string()) else {
            throw name.refused("must be 1 to 64 letters, digits, underscores or hyphens")
        }
        _ = try function.member("description")?.string()
        _ = try function.member("parameters")?.members()
        _ = try function.member("strict")?.bool()
    }

    private static func checkFunctionCall(_ field: JSONField) throws {
        switch field.value {
        case .string("none"), .string("auto"): break
        case .object: _ = try field.required("name").string()
        default: throw field.refused("must be none, auto or an object")
        }
    }

    private static func checkTyped(_ field: JSONField) throws { _ = try field.required("type").string() }

    private static func checkModalities(_ field: JSONField) throws {
        for modality in try field.elements() {
            guard ["text", "audio", "image"].contains(try modality.string()) else { throw modality.refused("must be text, audio or image") }
        }
    }

    private static func checkAudio(_ field: JSONField) throws {
        _ = try field.required("format").string()
        _ = try field.required("voice")
    }

    private static func checkToolChoice(_ field: JSONField) throws {
        switch field.value {
        case .string("none"), .string("auto"), .string("required"), .object: break
        default: throw field.refused("must be none, auto, required or an object")
        }
    }

    private static func isFunctionName(_ name: String) -> Bool {
        1...64 ~= name.utf8.count
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
