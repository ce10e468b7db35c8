import Text

/// Why an upstream ended an answer: one of OpenAI's five reasons, whatever the upstream calls it.
enum FinishReason {
    case stop
    case length
    case toolCalls
    case contentFilter
    case functionCall

    /// Reads an upstream's word. One that nobody knows is an end like any other.
    init(_ word: String) {
        switch word.lowercased() {
        case "length", "max_tokens", "max_output_tokens", "max_length", "model_length", "context_length", "token_limit", "incomplete",
            "model_context_window_exceeded":
            self = .length
        case "tool_calls", "tool_call", "tool_use", "tools": self = .toolCalls
        case "content_filter", "content_filtered", "safety", "image_safety", "recitation", "blocklist", "prohibited_content", "spii",
            "sensitive", "refusal", "guardrail_intervened":
            self = .contentFilter
        case "function_call": self = .functionCall
        default: self = .stop
        }
    }

    /// The word that clients know. They look for calls if it says so, and only then.
    func word(callsTools: Bool, callsFunction: Bool) -> String {
        switch self {
        case .length: "length"
        case .contentFilter: "content_filter"
        case .stop, .toolCalls, .functionCall: callsTools ? "tool_calls" : callsFunction ? "function_call" : "stop"
        }
    }
}
