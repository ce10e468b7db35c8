import Text

/// What clients ask for that other servers have, and what there is here instead.
enum MissingPaths {
    private static let chat = "POST /v1/chat/completions"

    static let list: [(path: String, instead: String)] =
        [
            ("/v1/completions", "There are no plain completions here: send messages to \(chat)."),
            ("/v1/chat", "Chats are at \(chat)."),
            ("/v1/embeddings", "There are no embeddings here, only chat: \(chat)."),
            ("/v1/moderations", "There are no moderations here, only chat: \(chat)."),
            ("/v1/rerank", "Nothing is ranked here; there is only chat: \(chat)."),
            ("/v1/engines", "The models are at GET /v1/models."),
        ]
        + both("/v1/messages", "Anthropic's API is not here: use OpenAI's, \(chat).")
        + both("/v1/audio", "There is no speech here; recordings can be sent in the messages of \(chat).")
        + both("/v1/images", "No pictures are made here; pictures can be sent in the messages of \(chat).")
        + both("/v1/videos", "No videos are made here; there is only chat: \(chat).")
        + both("/v1/realtime", "There is no realtime API here: use \(chat), with \"stream\":true where it is on.")
        + ["files", "uploads", "batches", "vector_stores", "fine_tuning"].flatMap {
            both("/v1/\($0)", "There are no \($0.replacing("_", with: " ")) here, only chat: \(chat).")
        }
        + both("/v1/assistants", "There are no assistants here: a session, named by x-session-key, keeps the history of \(chat).")
        + both("/v1/threads", "There are no threads here: a session, named by x-session-key, keeps the history of \(chat).")
        + ["chat", "generate"].map { ("/api/\($0)", "Ollama's API is not here: use OpenAI's, \(chat).") }
        + ["tags", "ps", "show", "version"].map {
            ("/api/\($0)", "Ollama's API is not here: OpenAI's list of models is at GET /v1/models.")
        }
        + ["embed", "embeddings"].map { ("/api/\($0)", "There are no embeddings here, only chat: \(chat).") }
        + both("/v1beta", "Gemini's API is not here: use OpenAI's, \(chat).")

    /// A path, and all below it.
    private static func both(_ path: String, _ instead: String) -> [(path: String, instead: String)] {
        [(path, instead), (path + "/{rest...}", instead)]
    }
}
