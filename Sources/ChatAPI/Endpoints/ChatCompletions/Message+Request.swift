import Chat
import JSON
import Text

extension Message {
    /// Reads a message of a request. What an assistant or a tool said before is the server's to know, and is not looked at.
    init(said field: JSONField) throws {
        let name = try field.required("role")
        guard let role = Role(text: try name.string()) else { throw name.refused("must be system, developer, user, assistant or tool") }
        switch role {
        case .assistant, .tool, .function: self.init(role: role, content: "")
        case .system, .developer: self.init(role: role, content: try Self.parts(field, areText: true).text)
        case .user:
            let parts = try Self.parts(field, areText: false)
            self.init(role: role, content: parts.text, parts: parts.hasMoreThanText ? parts : [])
        }
    }

    /// Reads the result of a tool.
    init(toolResult field: JSONField) throws {
        self.init(
            role: .tool, content: try Self.parts(field, areText: true).text, toolCallID: try field.required("tool_call_id").string())
    }

    private static func parts(_ field: JSONField, areText: Bool) throws -> [Part] {
        let content = try field.required("content")
        switch content.value {
        case .string(let text): return [.text(text)]
        case .array([]): throw content.refused("must not be empty")
        case .array:
            var parts: [Part] = []
            for element in try content.elements() { parts.append(try part(element, isText: areText)) }
            return parts
        default: throw content.refused("must be a string or an array of parts")
        }
    }

    private static func part(_ field: JSONField, isText: Bool) throws -> Part {
        let type = try field.required("type")
        switch try type.string() {
        case "text": return .text(try field.required("text").string())
        case "image_url" where !isText:
            let image = try field.required("image_url")
            return .image(url: try image.required("url").string(), detail: try image.member("detail")?.string())
        case "input_audio" where !isText:
            let audio = try field.required("input_audio")
            return .audio(data: try audio.required("data").string(), format: try audio.required("format").string())
        default: throw type.refused(isText ? "must be text" : "must be text, image_url or input_audio")
        }
    }
}
