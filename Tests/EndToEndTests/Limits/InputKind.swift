/// Where an input of the program comes from.
enum InputKind: String, CaseIterable {
    case request, metaVariable, reply, response, sessionFile, importedFile, settings

    /// An input that costs little beside the program's start.
    var small: String {
        switch self {
        case .request: #"{"messages":[{"role":"user","content":"1+1"}]}"#
        case .metaVariable: "HTTP_X_A=a"
        case .reply: #"{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}"#
        case .response:
            #"{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"Hi"}]}]}"#
        // As many turns as the model sees.
        case .sessionFile: Self.session + Array(repeating: Self.turn, count: Self.window).joined(separator: ",\n") + "\n]}\n"
        case .importedFile: #"{"messages":[{"role":"user","content":"Hello"},{"role":"assistant","content":"Hi"}]}"#
        case .settings: "{}"
        }
    }

    var shapes: [Shape] {
        switch self {
        case .request: Self.requests
        case .metaVariable: Self.variables
        case .reply: Self.replies
        case .response: Self.responses
        case .sessionFile: Self.sessions
        case .importedFile: Self.imports
        case .settings: Self.configurations
        }
    }

    private static let requests: [Shape] = [
        Shape(#"{"messages":[{"role":"user","content":""#, "$", separator: "", #""}]}"#),
        Shape(
            #"{"stream":true,"messages":[{"role":"user","content":"Hello"},{"role":"user","content":""#, "$", separator: "", #""}]}"#),
        Shape(#"{"messages":["#, #"{"role":"user","content":"$"}"#, "]}"),
        Shape(#"{"messages":[{"role":"user","content":["#, #"{"type":"text","text":"$"}"#, "]}]}"),
        Shape(
            #"{"messages":["#, #"{"role":"user","content":"$"},{"role":"assistant","content":"$"}"#, #",{"role":"user","content":"$"}]}"#),
        Shape(#"{"messages":[{"role":"user","content":"a"}]"#, #","m@":#"#, separator: "", "}"),
        Shape(#"{"messages":[{"role":"user","content":"a""#, #","$":#"#, separator: "", "}]}"),
        Shape(
            #"{"messages":[{"role":"user","content":"a"}"#,
            #",{"role":"assistant","content":null,"tool_calls":[{"id":"c@","type":"function","function":{"name":"f","arguments":"{}"}}]},"#
                + #"{"role":"tool","tool_call_id":"c@","content":"$"}"#, separator: "", "]}"),
        Shape(
            #"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":["#,
            #"{"id":"c@","type":"function","function":{"name":"f","arguments":"$"}}"#,
            #"]},{"role":"tool","tool_call_id":"c1","content":"$"}]}"#),
        Shape(#"{"temperature":#,"messages":["#, #"{"role":"system","content":"$"}"#, ##",{"role":"user","content":"#-#"}]}"##),
        Shape(#"{"messages":[{"role":"user","content":"a"}],"x":["#, "#", "]}"),
        Shape(#"{"messages":[{"role":"user","content":"a"}],"logit_bias":{"#, #""@":#"#, "}}"),
        Shape(#"{"messages":[{"role":"user","content":"a"}],"x":{"#, #""$":"$""#, "}}"),
        Shape(
            #"{"messages":[{"role":"user","content":"a"}],"tools":["#,
            #"{"type":"function","function":{"name":"f@","description":"$","parameters":{"type":"object","maximum":#}}}"#, "]}"),
        Shape(#"{"messages":"#, "[", separator: "", ""), Shape("", #"{"a":"#, separator: "", ""), Shape("$", "$#", separator: " ", "$"),
        Shape(#"{"messages":["#, "#", "]}"),
    ]

    /// Each line is a meta-variable.
    private static let variables: [Shape] = [
        Shape("HTTP_X_SESSION_KEY=wx:", "$", separator: "", ""),
        Shape("QUERY_STRING=limit=#", "limit=#&before=$&a@=%41%zz", separator: "&", ""),
        Shape("PATH_INFO=/v1/session", "%2e%2E/$", separator: "/", ""), Shape("PATH_INFO=", "/.", separator: "", ""),
        Shape("REQUEST_URI=/v1/chat/completions?", "%e9$#", separator: "/", ""), Shape("HTTP_AUTHORIZATION=Bearer ", "$", ""),
        Shape("HTTP_IDEMPOTENCY_KEY=", "$", separator: "", ""), Shape("HTTP_X_REQUEST_ID=", "a@", separator: "-", ""),
        Shape("CONTENT_TYPE=application/json;", "charset=$;a@=\"#", separator: ";", ""),
        Shape("HTTP_ORIGIN=https://", "$#.", separator: "", ""),
        Shape(
            "REQUEST_METHOD=OPTIONS\nHTTP_ORIGIN=https://a.example\nHTTP_ACCESS_CONTROL_REQUEST_METHOD=POST\n"
                + "HTTP_ACCESS_CONTROL_REQUEST_HEADERS=", "x-stainless-@,$", ""),
        Shape("HTTP_ACCEPT=", "text/$;q=#", ""), Shape("CONTENT_LENGTH=", "9", separator: "", ""),
        Shape("HTTP_X_SESSION_MODE=", "readonly", ""), Shape("", "HTTP_X_@=$", separator: "\n", ""),
    ]

    private static func event(_ delta: String) -> String { #"data: {"choices":[{"index":0,"delta":{\#(delta)}}]}"# + "\n\n" }
    private static let end =
        #"data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":#}}"# + "\n\ndata: [DONE]\n\n"

    private static let replies: [Shape] = [
        Shape(event(#""role":"assistant""#), event(#""content":"$""#), separator: "", end),
        Shape("", event(#""tool_calls":[{"index":@,"id":"c@","function":{"name":"f","arguments":"$"}}]"#), separator: "", end),
        Shape(
            event(#""tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]"#),
            event(#""tool_calls":[{"index":0,"function":{"arguments":"$"}}]"#), separator: "", end),
        Shape("", event(#""reasoning_content":"$","m@":#"#) + ": $\n\n", separator: "", end),
        Shape(#"data: {"choices":[{"delta":{"content":""#, "$", separator: "", "\"}}]}\n\n" + end),
        Shape("data: ", "$#", separator: "\ndata: ", "\n\n"),
        Shape(#"{"choices":[{"message":{"content":""#, "$", separator: "", #""},"finish_reason":"stop"}],"usage":{"total_tokens":#}}"#),
        Shape(
            #"{"choices":[{"message":{"content":null,"tool_calls":["#, #"{"id":"c@","function":{"name":"f","arguments":"$"}}"#,
            #"]},"finish_reason":"tool_calls"}]}"#),
        Shape(#"{"choices":["#, #"{"index":@,"message":{"content":"$","m@":#}}"#, "]}"),
        Shape(#"{"choices":[{"message":{"content":"a"},"logprobs":{"content":["#, #"{"token":"$","logprob":#}"#, "]}}]}"),
        Shape(#"{"choices":[{"message":{"content":"a""#, #","$":#"#, separator: "", "}}]}"),
        Shape(#"{"error":{"code":#,"message":""#, "$", separator: "", #""}}"#), Shape(#"{"choices":"#, "[", separator: "", ""),
    ]

    private static func event(_ type: String, _ members: String) -> String {
        #"data: {"type":"response.\#(type)",\#(members)}"# + "\n\n"
    }
    private static let completed = event("completed", #""response":{"status":"completed","usage":{"input_tokens":#}}"#)
    private static let call = #"{"type":"function_call","call_id":"c@","name":"f","arguments":"$"}"#
    private static let thought =
        #"{"type":"reasoning","id":"$","summary":[{"text":"$"},{"text":"$"}],"encrypted_content":"$","content":[]}"#
    private static let message =
        #"{"type":"message","content":[{"type":"output_text","text":"$","annotations":[{"type":"url_citation","url":"$"}],"#
        + #""logprobs":[{"token":"$","logprob":#}]},{"type":"refusal","refusal":"$"}]}"#

    private static let responses: [Shape] = [
        Shape(event("created", #""m":#"#), event("output_text.delta", #""delta":"$","logprobs":[#]"#), separator: "", completed),
        Shape(
            "",
            event("output_item.added", #""output_index":@,"item":\#(call)"#)
                + event("function_call_arguments.delta", #""output_index":@,"delta":"$""#), separator: "", completed),
        Shape(
            "", event("reasoning_summary_text.delta", #""summary_index":@,"delta":"$""#) + event("$", #""m@":#"#), separator: "", completed),
        Shape("", [thought, message, call].map { event("output_item.done", #""item":\#($0)"#) }.joined(), separator: "", completed),
        Shape(#"{"status":"completed","output":["#, [thought, message, call].joined(separator: ","), #"],"usage":{"input_tokens":#}}"#),
        Shape(
            #"{"status":"incomplete","output":[{"type":"message","content":["#, #"{"type":"output_text","text":"$"}"#,
            #"]}],"usage":{"total_tokens":#}}"#),
        Shape(#"{"status":"completed","output":[]"#, #","$input_tokens":#"#, separator: "", "}"),
        Shape(#"{"status":"failed","error":{"code":"image$","message":""#, "$", separator: "", #""}}"#),
        Shape(#"{"output":"#, "[", separator: "", ""),
    ]

    /// `history.maxTurns` where a session's file is read.
    static let window = 20
    private static let session = #"{"format":"nanobot-session/1","key":"a","created_at":"2026-11-23T09:00:00Z","turns":["# + "\n"
    private static let turn = turnStart + #"{"role":"user","content":"Hello"}"# + turnEnd
    private static let turnStart = #"{"id":"turn-@","at":"2026-11-23T09:00:00Z","messages":["#
    private static let turnEnd =
        #",{"role":"assistant","content":"Hi"}],"model":"nanobot","finish_reason":"stop","#
        + #""usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2},"request":{"id":"req-@","#
        + #""idempotency_key":null,"body_sha256":"00"}}"#

    private static let sessions: [Shape] = [
        Shape(session, turn, separator: ",\n", "\n]}\n", isFree: true),
        Shape(session, turnStart + #"{"role":"user","content":"$"}"# + turnEnd, separator: ",\n", "\n]}\n"),
        Shape(session + turnStart, #"{"role":"user","content":"$"}"#, turnEnd + "\n]}\n"),
        Shape(session + turnStart + #"{"role":"user","content":""#, "$", separator: "", #""}"# + turnEnd + "\n]}\n"),
        Shape(session + turnStart + #"{"role":"user","content":"a"}"#, #","m@":#"#, separator: "", turnEnd + "\n]}\n"),
        Shape(
            session + turn, #"{"id":"summary-@","at":"2026-11-23T09:00:00Z","summary":"$","covers":"turn-0"}"#, separator: ",\n", "\n]}\n"),
        Shape(session + turn + ",\n", "$#", separator: "\n", ""), Shape(session + turn + "\n]}\n", "[", separator: "", ""),
    ]

    private static let imports: [Shape] = [
        Shape(session, turnStart + #"{"role":"user","content":"$"}"# + turnEnd, separator: ",\n", "\n]}\n"),
        Shape(#"{"messages":["#, #"{"role":"user","content":"$"},{"role":"assistant","content":"$","m@":#}"#, "]}"),
        Shape(#"{"messages":[{"role":"user","content":["#, #"{"type":"text","text":"$"}"#, #"]},{"role":"assistant","content":"a"}]}"#),
        Shape(
            #"{"messages":["#,
            #"{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c@","function":{"name":"f","arguments":"$"}}]},"#
                + ##"{"role":"tool","tool_call_id":"c@","content":"#"}"##, "]}"),
        Shape(
            #"{"_type":"metadata","key":"a","created_at":"2026-01-01T10:00:00.123","metadata":{}}"# + "\n",
            #"{"role":"user","content":"$","timestamp":"2026-01-01T10:00:00"}"# + "\n"
                + #"{"role":"assistant","content":"$","timestamp":#}"#,
            separator: "\n", "\n"),
        Shape("", "#", separator: "\n", ""), Shape(#"{"messages":"#, "[", separator: "", ""), Shape(#"{"messages":[{"#, #""$":#"#, "}]}"),
    ]

    private static let configurations: [Shape] = [
        Shape(#"{"models":{"#, #""m@":{"system":"$"}"#, "}}"), Shape(#"{"models":{"#, #""m@":{"upstream":{"url":"http://a@/v1"}}"#, "}}"),
        Shape(#"{"upstream":{"url":"http://a","fallbacks":["#, #"{"url":"http://b@/v1","key":"$"}"#, "]}}"),
        Shape(#"{"model":{"system":""#, "$", separator: "", #""}}"#), Shape("{", #""$@":#"#, "}"),
        Shape(#"{"upstream":{"#, #""url":"$#""#, "}}"), Shape(#"{"cors":{"origins":["#, #""https://a@$""#, "]}}"),
        Shape(#"{"limits":{"#, #""bodyBytes":#"#, "}}"), Shape(#"{"models":"#, "[", separator: "", ""),
    ]
}

extension Shape {
    fileprivate init(_ head: String, _ unit: String, separator: String = ",", _ tail: String, isFree: Bool = false) {
        self.init(head: head, unit: unit, separator: separator, tail: tail, isFree: isFree)
    }
}
