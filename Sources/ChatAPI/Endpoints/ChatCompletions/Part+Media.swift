import Chat
import Server
import Text

extension Message.Part {
    /// The part with base64 in its plain form: padded, on one line, in the common alphabet. What it contains is not looked at.
    ///
    /// - Parameter path: the part's path.
    func plain(at path: String, allowsRemoteImages: Bool) throws(APIError) -> Self {
        switch self {
        case .text: return self
        case .image(let url, let detail):
            if let plain = Self.plainData(url, type: "image/") { return .image(url: plain, detail: detail) }
            let param = "\(path).image_url.url"
            guard allowsRemoteImages && Self.isRemote(url) else {
                let forms = allowsRemoteImages ? "an https URL, or a data URL" : "a data URL"
                throw .invalidMessages("\(param) must be \(forms) of an image in base64: data:image/png;base64,…", param: param)
            }
            return self
        case .audio(let data, let format):
            let param = "\(path).input_audio"
            guard let plain = Self.plainBase64(data.utf8) else {
                throw .invalidMessages("\(param).data must be base64", param: "\(param).data")
            }
            guard ["wav", "mp3"].contains(format) else {
                throw .invalidMessages("\(param).format must be wav or mp3", param: "\(param).format")
            }
            return .audio(data: plain, format: format)
        case .file(let data, let name):
            guard let plain = Self.plainData(data, type: "") ?? Self.plainBase64(data.utf8) else {
                let param = "\(path).file.file_data"
                throw .invalidMessages("\(param) must be base64, or a data URL of it: data:application/pdf;base64,…", param: param)
            }
            return .file(data: plain, name: name)
        }
    }

    /// The plain form of a data URL (RFC 2397; scheme, type and `base64` in any case) with a media type that begins like this; nil if it is none.
    private static func plainData(_ url: String, type: String) -> String? {
        guard let comma = url.utf8.firstIndex(of: UInt8(ascii: ",")) else { return nil }
        let head = url[..<comma].lowercased()
        guard head.hasPrefix("data:" + type), head.hasSuffix(";base64"), isPrintable(head),
            let data = plainBase64(url.utf8[url.utf8.index(after: comma)...])
        else { return nil }
        return "\(url[...comma])\(data)"
    }

    private static func isRemote(_ url: String) -> Bool {
        let scheme = "https://"
        return url.prefix(scheme.count).lowercased() == scheme && url.utf8.count > scheme.utf8.count && isPrintable(url)
    }

    /// ASCII without white space.
    private static func isPrintable(_ text: String) -> Bool { text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } }

    /// Base64 (RFC 4648, section 4) of what may lack padding, have line breaks (MIME), or be in the alphabet for URLs (section 5). Nil if it
    /// is none, or empty.
    private static func plainBase64(_ text: some BidirectionalCollection<UInt8>) -> String? {
        var plain: [UInt8] = []
        plain.reserveCapacity(text.count + 2)
        var padding = 0
        for byte in text {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): continue
            case UInt8(ascii: "="): padding += 1
            case _ where padding > 0: return nil
            case UInt8(ascii: "-"): plain.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): plain.append(UInt8(ascii: "/"))
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "+"), UInt8(ascii: "/"):
                plain.append(byte)
            default: return nil
            }
        }
        let missing = (4 - plain.count % 4) % 4
        // One digit of four is no byte.
        guard !plain.isEmpty, missing < 3, padding == 0 || padding == missing else { return nil }
        return String(decoding: plain + [UInt8](repeating: UInt8(ascii: "="), count: missing), as: UTF8.self)
    }
}
