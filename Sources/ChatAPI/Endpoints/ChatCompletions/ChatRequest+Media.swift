import Chat
import Server
import Text

extension ChatRequest {
    /// Checks the form of images and recordings, not what they contain.
    ///
    /// - Parameter path: the path of the message's content.
    static func checkMedia(of message: Message, at path: String, allowsRemoteImages: Bool) throws(APIError) {
        for (index, part) in message.parts.enumerated() {
            switch part {
            case .text, .file: break
            case .image(let url, _):
                guard !isImageData(url), !(allowsRemoteImages && isRemote(url)) else { continue }
                let param = "\(path)[\(index)].image_url.url"
                let forms = allowsRemoteImages ? "an https URL, or a data URL" : "a data URL"
                throw .invalidMessages("\(param) must be \(forms) of an image in base64: data:image/png;base64,…", param: param)
            case .audio(let data, let format):
                let param = "\(path)[\(index)].input_audio"
                guard isBase64(data.utf8) else { throw .invalidMessages("\(param).data must be base64", param: "\(param).data") }
                guard ["wav", "mp3"].contains(format) else {
                    throw .invalidMessages("\(param).format must be wav or mp3", param: "\(param).format")
                }
            }
        }
    }

    /// RFC 2397; scheme, type and `base64` in any case.
    private static func isImageData(_ url: String) -> Bool {
        guard let comma = url.utf8.firstIndex(of: UInt8(ascii: ",")) else { return false }
        let head = url[..<comma].lowercased()
        return head.hasPrefix("data:image/") && head.hasSuffix(";base64") && isPrintable(head)
            && isBase64(url.utf8[url.utf8.index(after: comma)...])
    }

    private static func isRemote(_ url: String) -> Bool {
        let scheme = "https://"
        return url.prefix(scheme.count).lowercased() == scheme && url.utf8.count > scheme.utf8.count && isPrintable(url)
    }

    /// ASCII without white space.
    private static func isPrintable(_ text: String) -> Bool { text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } }

    /// RFC 4648, section 4: padded, without line ends, and not empty.
    private static func isBase64(_ text: some BidirectionalCollection<UInt8>) -> Bool {
        let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
        return !text.isEmpty && text.count.isMultiple(of: 4)
            && text.dropLast(padding).allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "+"), UInt8(ascii: "/"):
                    true
                default: false
                }
            }
    }
}
