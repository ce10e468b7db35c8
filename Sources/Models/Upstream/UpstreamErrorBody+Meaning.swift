import Text

extension UpstreamErrorBody {
    /// True if the conversation is too long for the model, as any of the common servers says it.
    var exceedsContext: Bool {
        let words = [code, type, message].compactMap { $0.map { String(decoding: $0.utf8.prefix(4096), as: UTF8.self).lowercased() } }
        return words.contains { text in Self.tooLong.contains { $0.allSatisfy { text.includes($0) } } }
    }

    /// What such errors say: all the words of any line.
    private static let tooLong = [
        // OpenAI, Azure, DeepSeek, Groq; llama.cpp; Anthropic.
        ["context_length_exceeded"], ["exceed_context_size"], ["context_window_exceeded"],
        // OpenAI, vLLM, SGLang, OpenRouter, Mistral, xAI.
        ["maximum context length"], ["maximum prompt length"], ["longer than the model's context length"],
        ["reduce the length"], ["reduce your message size"], ["request too large for"],
        // Anthropic, Bedrock, Ollama, Cohere, Zhipu, Moonshot, MiniMax, DashScope, Text Generation Inference.
        ["prompt is too long"], ["prompt too long"], ["input is too long"], ["too many tokens"], ["prompt exceeds max length"],
        ["exceeded model token limit"], ["range of input length"], ["`inputs`", "tokens"],
        // Google, Copilot.
        ["exceeds the maximum number of tokens"], ["token count", "exceeds"],
        // llama.cpp, LM Studio, Ollama.
        ["context size", "exceed"], ["context length", "exceed"], ["context window", "exceed"], ["context length", "not enough"],
        ["greater than the context length"], ["context the overflows"],
    ]

    /// True if the operator's key is wrong, which some servers say with status 400.
    var isAboutKey: Bool {
        let words = [code, type].compactMap { $0?.lowercased() }
        return words.contains { ["invalid_api_key", "api_key_invalid", "authentication_error", "unauthorized"].contains($0) }
            || message.map { $0.lowercased().includes("api key not valid") } ?? false
    }
}
