import Chat
import JSON
import Server
import Text

/// The body of `POST /v1/responses`, checked.
struct ResponseRequest {
    var model: String?
    var stream: Bool
    /// True if nobody waits for the response.
    var isInBackground: Bool
    /// False if nothing of the response is kept.
    var store: Bool
    var previousResponse: JSONField?
    var conversation: JSONField?
    var instructions: String?
    var input: JSONField
    var items: [(item: InputItem, field: JSONField)]
    /// Further parameters for the model, as chat completions have them.
    var parameters: [(name: String, value: JSONValue)] = []
    /// What the response shows of the request.
    var settings: [(String, JSONValue)] = []
    /// False if the client wants an error rather than an answer to a part of the conversation.
    var allowsShortening = true
    /// The types of tools that are passed over: clients offer some that only their own server has.
    var skippedTools: [String] = []
    /// True if the client wants the model's thoughts in the form in which it sends them back.
    var sealsReasoning = false
    /// False if texts were cut in the middle of a character.
    let isStrict: Bool

    /// - Parameters:
    ///   - allowsRemoteImages: whether a picture may be an `https:` URL, which the model's server fetches.
    ///   - requiresInput: false if there may be no input.
    /// - Throws: `APIError` and `JSONFieldError`, which say what is wrong with the body.
    init(_ bytes: [UInt8], allowsRemoteImages: Bool, requiresInput: Bool = true) throws {
        let body: JSONField
        (body, isStrict) = try ChatRequest.body(bytes)
        model = try ChatRequest.model(in: body)
        stream = try body.member("stream")?.bool() ?? false
        store = try body.member("store")?.bool() ?? true
        previousResponse = try body.member("previous_response_id")
        conversation = try body.member("conversation")
        instructions = try body.member("instructions")?.string()
        if !requiresInput, try body.member("input") == nil {
            (input, items) = (JSONField([], path: "input"), [])
        } else {
            input = try body.required("input")
            items = try InputItem.list(input, allowsRemoteImages: allowsRemoteImages)
        }
        guard previousResponse == nil || conversation == nil else {
            throw APIError.invalidValue("previous_response_id and conversation exclude each other", param: "previous_response_id")
        }
        for name in ["prompt", "context_management"] {
            if try body.member(name) != nil { throw APIError.unsupported("\(name) is not supported here", param: name) }
        }
        isInBackground = try body.member("background")?.bool() ?? false
        try readSettings(body)
    }

    private mutating func readSettings(_ body: JSONField) throws {
        /// A member that the response repeats, and that the model gets under a name of its own, if there is one.
        func keep(_ name: String, _ value: JSONValue, as parameter: String? = nil) {
            settings.append((name, value))
            if let parameter { parameters.append((parameter, value)) }
        }
        if let instructions { keep("instructions", .string(instructions)) }
        if !store { keep("store", false) }
        if isInBackground { keep("background", true) }
        if let id = try previousResponse?.string() { keep("previous_response_id", .string(id)) }
        let numbers: [(String, ClosedRange<Double>)] = [
            ("temperature", 0...2), ("top_p", 0...1), ("presence_penalty", -2...2), ("frequency_penalty", -2...2),
        ]
        for (name, range) in numbers {
            guard let field = try body.member(name) else { continue }
            _ = try field.number(in: range)
            keep(name, field.value, as: name)
        }
        if let field = try body.member("max_output_tokens") {
            keep(field.path, .integer(try field.integer(in: 16...Int(Int32.max))), as: "max_completion_tokens")
        }
        if let field = try body.member("max_tool_calls") { keep(field.path, .integer(try field.integer(in: 1...Int(Int32.max)))) }
        if let field = try body.member("parallel_tool_calls") { keep(field.path, .bool(try field.bool()), as: field.path) }
        for name in ["prompt_cache_key", "safety_identifier", "user"] {
            if let field = try body.member(name) { keep(name, .string(try field.string()), as: name) }
        }
        if let field = try body.member("service_tier") { parameters.append((field.path, .string(try field.string()))) }
        if let field = try body.member("metadata") {
            keep(field.path, try field.metadata())
        }
        if let field = try body.member("truncation") {
            guard ["auto", "disabled"].contains(try field.string()) else { throw field.refused("must be auto or disabled") }
            allowsShortening = try field.string() == "auto"
            keep(field.path, field.value)
        }
        if let field = try body.member("reasoning") {
            if let effort = try field.member("effort") { parameters.append(("reasoning_effort", .string(try effort.string()))) }
            for name in ["summary", "generate_summary"] { _ = try field.member(name)?.string() }
            keep(field.path, field.value)
        }
        try readText(body)
        try readTools(body)
        try readIncluded(body)
        for (name, value) in settings where !value.isNested(atMost: Self.deepest) {
            throw APIError.invalidValue("\(name) must be nested at most \(Self.deepest) deep", param: name)
        }
    }

    /// Stored, a setting stands deeper in its line than in the request, and a line is JSON that anybody can read.
    private static let deepest = 500

    /// The form of the answer.
    private mutating func readText(_ body: JSONField) throws {
        guard let text = try body.member("text") else { return }
        var echo: [(String, JSONValue)] = [("format", ["type": "text"])]
        if let format = try text.member("format") {
            let type = try format.required("type")
            switch try type.string() {
            case "text": break
            case "json_object": parameters.append(("response_format", ["type": "json_object"]))
            case "json_schema":
                _ = try format.required("name").string()
                _ = try format.required("schema").members()
                _ = try format.member("description")?.string()
                _ = try format.member("strict")?.bool()
                let members = ["name", "description", "schema", "strict"].compactMap { name in
                    format.value.member(name).flatMap { $0.isNull ? nil : (name, $0) }
                }
                parameters.append(("response_format", ["type": "json_schema", "json_schema": .object(members)]))
            default: throw type.refused("must be text, json_object or json_schema")
            }
            echo = [("format", format.value)]
        }
        if let verbosity = try text.member("verbosity") {
            parameters.append(("verbosity", .string(try verbosity.string())))
            echo.append(("verbosity", verbosity.value))
        }
        settings.append((text.path, .object(echo)))
    }

    /// Tools that OpenAI's servers run. A client that asks for one counts on its results.
    private static let hostedTools = [
        "web_search", "file_search", "code_interpreter", "computer", "image_generation", "mcp",
    ]

    private mutating func readTools(_ body: JSONField) throws {
        var tools: [(name: String, echo: JSONValue, function: JSONValue)] = []
        for tool in try body.member("tools")?.elements() ?? [] {
            let type = try tool.required("type")
            let name = try type.string()
            guard name == "function" else {
                if Self.hostedTools.contains(where: { name.hasPrefix($0) }) {
                    throw APIError.unsupported(
                        "\(type.path) '\(name.prefix(64))' is not here: only functions of your own are", param: type.path)
                }
                skippedTools.append(String(name.prefix(64)))
                continue
            }
            try ChatRequest.checkFunction(tool)
            let members = ["name", "description", "parameters", "strict"].compactMap { name in tool.value.member(name).map { (name, $0) } }
            let known = members.filter { !$0.1.isNull }
            let empty = ["parameters", "strict"].filter { name in !members.contains { $0.0 == name } }.map { ($0, JSONValue.null) }
            tools.append((try tool.required("name").string(), .object([("type", "function")] + members + empty), .object(known)))
        }
        if let choice = try body.member("tool_choice") { try readChoice(choice, &tools) }
        guard !tools.isEmpty else {
            // Servers refuse them where there is nothing to choose from.
            return parameters.removeAll { ["tool_choice", "parallel_tool_calls"].contains($0.name) }
        }
        settings.append(("tools", .array(tools.map(\.echo))))
        parameters.append(("tools", .array(tools.map { ["type": "function", "function": $0.function] })))
    }

    private mutating func readChoice(_ choice: JSONField, _ tools: inout [(name: String, echo: JSONValue, function: JSONValue)]) throws {
        settings.append((choice.path, choice.value))
        if case .string(let text) = choice.value {
            guard ["none", "auto", "required"].contains(text) else { throw choice.refused("must be none, auto, required or an object") }
            parameters.append((choice.path, choice.value))
            return
        }
        let type = try choice.required("type")
        switch try type.string() {
        case "function":
            parameters.append((choice.path, ["type": "function", "function": ["name": .string(try choice.required("name").string())]]))
        case "allowed_tools":
            let names = Set(try choice.required("tools").elements().compactMap { try $0.member("name").map { TextKey(try $0.string()) } })
            let mode = try choice.required("mode")
            guard ["auto", "required"].contains(try mode.string()) else { throw mode.refused("must be auto or required") }
            // The model is offered no others.
            tools.removeAll { !names.contains(TextKey($0.name)) }
            parameters.append((choice.path, mode.value))
        default: throw APIError.unsupported("\(type.path) must be function or allowed_tools", param: type.path)
        }
    }

    private mutating func readIncluded(_ body: JSONField) throws {
        var includesLogprobs = false
        for item in try body.member("include")?.elements() ?? [] {
            // Those of hosted tools are never there.
            let name = try item.string()
            if name == "message.output_text.logprobs" { includesLogprobs = true }
            if name == "reasoning.encrypted_content" { sealsReasoning = true }
        }
        if let field = try body.member("top_logprobs") {
            let count = JSONValue.integer(try field.integer(in: 0...20))
            settings.append((field.path, count))
            if includesLogprobs || count != 0 { parameters += [("logprobs", true), ("top_logprobs", count)] }
        } else if includesLogprobs {
            parameters.append(("logprobs", true))
        }
    }
}
