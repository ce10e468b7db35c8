import Chat
import FoundationEssentials
import JSON
import Models
import Server
import Text

/// What a request's `input` says, in the order of its items.
enum InputItem {
    /// A message, or the result of a call.
    case message(Message)
    case reasoning(String)
    case call(Message.ToolCall)
    /// An item that is stored, by its id.
    case reference(ItemID, field: JSONField)

    /// Reads `input`: a text, or items.
    ///
    /// - Parameter allowsRemoteImages: whether a picture may be an `https:` URL, which the model's server fetches.
    static func list(_ input: JSONField, allowsRemoteImages: Bool) throws -> [(item: InputItem, field: JSONField)] {
        if case .string(let text) = input.value { return [(.message(Message(role: .user, content: text)), input)] }
        guard case .array = input.value else { throw input.refused("must be a string or an array of items") }
        let fields = try input.elements()
        guard !fields.isEmpty else { throw input.refused("must not be empty") }
        return try fields.map { (try InputItem($0, allowsRemoteImages: allowsRemoteImages), $0) }
    }

    /// The messages that items make. References make none.
    static func messages(_ items: [(item: InputItem, field: JSONField)]) -> [(message: Message, field: JSONField)] {
        var messages: [(message: Message, field: JSONField)] = []
        /// True if the last message may still get calls.
        var isOpen = false
        func continueAssistant(_ field: JSONField, _ change: (inout Message) -> Void) {
            if !isOpen { messages.append((Message(role: .assistant, content: ""), field)) }
            change(&messages[messages.count - 1].message)
            isOpen = true
        }
        for (item, field) in items {
            switch item {
            case .reasoning(let text):
                if messages.last?.message.isSaid ?? false { isOpen = false }
                let extras = text.isEmpty ? ExtraMembers() : ExtraMembers(of: ["reasoning_content": .string(text)], besides: [])
                continueAssistant(field) { $0.extras.append(extras) }
            case .message(let message) where message.role == .assistant:
                if messages.last?.message.isSaid ?? false { isOpen = false }
                continueAssistant(field) {
                    $0.content = [$0.content, message.content].filter { !$0.isEmpty }.joined(separator: "\n\n")
                    $0.refusal = message.refusal ?? $0.refusal
                }
            case .call(let call): continueAssistant(field) { $0.toolCalls.append(call) }
            case .message(let message):
                messages.append((message, field))
                isOpen = false
            case .reference: break
            }
        }
        // Thoughts alone are no answer.
        messages.removeAll { $0.message.role == .assistant && $0.message.isWordless }
        return messages
    }

    private init(_ field: JSONField, allowsRemoteImages: Bool) throws {
        let type = try field.member("type")
        switch try type?.string() ?? "message" {
        case "message": self = .message(try Message(item: field, allowsRemoteImages: allowsRemoteImages))
        case "reasoning":
            let texts = try ["content", "summary"].map { try field.member($0)?.elements().map { try $0.required("text").string() } ?? [] }
            let sealed = try field.member("encrypted_content")?.string()
            let unsealed = sealed.flatMap { Data(base64Encoded: $0) }.flatMap { String(validating: $0, as: UTF8.self) }
            self = .reasoning(texts.first { !$0.isEmpty }?.joined(separator: "\n\n") ?? unsealed ?? "")
        case "function_call":
            self = .call(
                Message.ToolCall(
                    id: try Self.name("call_id", of: field), name: try Self.name("name", of: field),
                    arguments: try field.required("arguments").string()))
        case "function_call_output":
            self = .message(
                Message(
                    role: .tool, content: try Self.output(try field.required("output")), toolCallID: try Self.name("call_id", of: field))
            )
        case "item_reference":
            let id = try field.required("id")
            guard let item = ItemID(try id.string()) else { throw APIError.itemNotFound(id) }
            self = .reference(item, field: id)
        case let name:
            throw APIError.unsupported(
                "\(type?.path ?? field.path) '\(name.prefix(64))' is not supported here", param: type?.path ?? field.path)
        }
    }

    private static func name(_ member: String, of field: JSONField) throws -> String {
        let name = try field.required(member)
        guard try !name.string().isEmpty else { throw name.refused("must not be empty") }
        return try name.string()
    }

    /// The result of a call: a text, or texts.
    private static func output(_ field: JSONField) throws -> String {
        if case .string(let text) = field.value { return text }
        guard case .array = field.value else { throw field.refused("must be a string or an array of texts") }
        return try field.elements().map { part in
            let type = try part.required("type")
            guard ["input_text", "output_text", "text"].contains(try type.string()) else {
                throw APIError.unsupported("\(type.path) must be input_text: results of tools are texts here", param: type.path)
            }
            return try part.required("text").string()
        }.joined(separator: " ")
    }
}

extension Message {
    /// Reads a message of the Responses API.
    fileprivate init(item field: JSONField, allowsRemoteImages: Bool) throws {
        let role = try field.required("role")
        guard let known = Role(text: try role.string()), ![.tool, .function].contains(known) else {
            throw role.refused("must be user, assistant, system or developer")
        }
        let content = try field.required("content")
        if case .string(let text) = content.value {
            self.init(role: known, content: text)
            return
        }
        guard case .array = content.value else { throw content.refused("must be a string or an array of parts") }
        let fields = try content.elements()
        guard !fields.isEmpty || known == .assistant else { throw content.refused("must not be empty") }
        var parts: [Part] = []
        var refusal: String?
        for part in fields {
            let type = try part.required("type")
            switch try type.string() {
            case "input_text", "output_text", "text", "summary_text": parts.append(.text(try part.required("text").string()))
            case "refusal" where known == .assistant: refusal = try part.required("refusal").string()
            case "input_image" where known == .user:
                if let id = try part.member("file_id") { throw id.refused("is not known here: send the picture as image_url") }
                let url = try part.required("image_url")
                let image = Part.image(url: try url.string(), detail: try part.member("detail")?.string())
                parts.append(try Self.plain(image, url, allowsRemoteImages: allowsRemoteImages))
            case "input_file" where known == .user:
                for name in ["file_id", "file_url"] {
                    if let other = try part.member(name) { throw other.refused("is not known here: send the document as file_data") }
                }
                let data = try part.required("file_data")
                let file = Part.file(data: try data.string(), name: try part.member("filename")?.string())
                parts.append(try Self.plain(file, data, allowsRemoteImages: allowsRemoteImages))
            case "input_audio" where known == .user:
                let audio = try part.required("input_audio")
                let recording = Part.audio(data: try audio.required("data").string(), format: try audio.required("format").string())
                parts.append(try Self.plain(recording, audio, allowsRemoteImages: allowsRemoteImages))
            default:
                throw type.refused(
                    known == .user ? "must be input_text, input_image, input_file or input_audio" : "must be input_text or output_text")
            }
        }
        self.init(role: known, content: parts.text, parts: parts.hasMoreThanText ? parts : [], refusal: refusal)
    }

    /// A part with base64 in its plain form.
    private static func plain(_ part: Part, _ field: JSONField, allowsRemoteImages: Bool) throws -> Part {
        do throws(APIError) {
            return try part.plain(at: "", allowsRemoteImages: allowsRemoteImages)
        } catch {
            // It names the members of the other API.
            let rest = error.param.map { error.message.dropFirst($0.utf8.count) } ?? Substring(error.message)
            throw APIError.invalidValue(field.path + rest, param: field.path)
        }
    }
}

/// The messages that items of the Responses API make, sorted by what the server has to do with them.
struct ResponseConversation {
    /// For this turn only.
    var instructions: [Message] = []
    /// What stands before the new messages.
    var earlier: [Message] = []
    /// What the turn adds: the results of tools first, which have to follow their calls.
    var new: [Message] = []
    /// The item that each of the new messages comes from.
    var fields: [JSONField] = []

    /// Nothing.
    init() {}

    /// - Parameters:
    ///   - items: none of them a reference.
    ///   - keepsInstructions: true if `system` and `developer` messages stay in the conversation.
    init(_ items: [(item: InputItem, field: JSONField)], _ input: JSONField, keepsInstructions: Bool) throws {
        var messages = InputItem.messages(items)
        // An assistant's words at the end only begin the answer.
        while messages.last?.message.role == .assistant { messages.removeLast() }
        for (message, field) in messages where message.toolCalls.count > ItemID.callLimit {
            throw field.refused("is one of more than \(ItemID.callLimit) calls at once")
        }
        let start = messages.lastIndex { $0.message.role == .assistant }.map { $0 + 1 } ?? 0
        if !keepsInstructions {
            instructions = messages.map(\.message).filter(\.isInstruction)
        }
        let isKept = { (message: Message) in keepsInstructions || !message.isInstruction }
        earlier = messages[..<start].map(\.message).filter(isKept)
        let added = messages[start...].filter { isKept($0.message) }
        let ordered = added.filter { $0.message.isResult } + added.filter { !$0.message.isResult }
        (new, fields) = (ordered.map(\.message), ordered.map(\.field))
        guard new.contains(where: { $0.isResult || $0.role == .user }) else {
            throw input.refused("must contain a user's message or a function_call_output")
        }
    }
}

extension Message {
    /// True for an assistant's words. What it calls belongs to one message: the results have to stand directly behind it.
    fileprivate var isSaid: Bool { toolCalls.isEmpty && !isWordless }
}

extension APIError {
    static func unsupported(_ message: String, param: String) -> APIError {
        APIError(status: 400, code: "unsupported_value", message: message, param: param)
    }

    static func itemNotFound(_ field: JSONField) -> APIError {
        APIError(status: 404, code: "not_found", message: "\(field.path): no item with this id was found", param: field.path)
    }
}
