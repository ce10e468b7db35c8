import Text

/// The name of a sample with its labels, as the text format of Prometheus has it: `turns_total{model="a"}`.
struct SampleName {
    let text: String

    init(_ metric: String, _ labels: [(String, String)]) {
        guard !labels.isEmpty else {
            text = metric
            return
        }
        text = metric + "{" + labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ value: String) -> String {
        var bytes: [UInt8] = []
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""): bytes += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): bytes += Array("\\n".utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
