import Glibc

/// What counts as one client's address: an IPv4 address, or the network of an IPv6 address, in which a client has as many as it likes.
struct ClientNetwork {
    /// The bytes in hexadecimal, or the text if it is no address.
    let text: String

    init(_ address: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET6, address, &bytes) == 1 {
            let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
            bytes = isMapped ? Array(bytes[12...]) : Array(bytes.prefix(8))
        } else if inet_pton(AF_INET, address, &bytes) == 1 {
            bytes = Array(bytes.prefix(4))
        } else {
            text = address
            return
        }
        text = bytes.map { String($0, radix: 16) }.joined(separator: ":")
    }
}
