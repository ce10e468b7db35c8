import Glibc
import Text

/// Which peers may connect to a TCP socket. FastCGI has neither authentication nor encryption, so the address is all there is to go by
/// (FastCGI specification, section 3.2, `FCGI_WEB_SERVER_ADDRS`). Unix sockets rely on their file's mode instead.
package struct PeerAddresses: Sendable {
    /// IPv6 addresses, IPv4 ones mapped; empty for loopback.
    private let addresses: Set<[UInt8]>

    package static let loopback = PeerAddresses(addresses: [])

    private init(addresses: Set<[UInt8]>) { self.addresses = addresses }

    /// Parses a comma-separated list of IPv4 and IPv6 addresses.
    ///
    /// - Throws: `listen` if one of them is not an address, or if the list is empty.
    package init(_ list: String) throws(FastCGIError) {
        var addresses: Set<[UInt8]> = []
        for text in list.split(separator: ",") {
            let text = Substring(text.utf8.drop { $0 == 0x20 }.prefix { $0 != 0x20 })
            guard let address = Self.bytes(of: String(text)) else {
                throw FastCGIError(.listen, "FCGI_WEB_SERVER_ADDRS is a list of IP addresses separated by commas; \"\(text)\" is none.")
            }
            addresses.insert(address)
        }
        guard !addresses.isEmpty else { throw FastCGIError(.listen, "FCGI_WEB_SERVER_ADDRS names no address.") }
        self.addresses = addresses
    }

    /// True if it names an address beyond this machine.
    var reachesBeyondLoopback: Bool { addresses.contains { !Self.isLoopback($0) } }

    /// True if the connection's peer may connect.
    func admits(peerOf descriptor: CInt) -> Bool {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) }
        }
        guard status == 0 else { return false }
        let address: [UInt8]
        switch CInt(storage.ss_family) {
        case AF_UNIX: return true
        case AF_INET:
            address = withUnsafeBytes(of: storage) { Self.mapped(Array($0.loadUnaligned(as: sockaddr_in.self).sin_addr.bytes)) }
        case AF_INET6: address = withUnsafeBytes(of: storage) { $0.loadUnaligned(as: sockaddr_in6.self).sin6_addr.bytes }
        default: return false
        }
        return addresses.isEmpty ? Self.isLoopback(address) : addresses.contains(address)
    }

    private static func bytes(of text: String) -> [UInt8]? {
        var (four, six) = (in_addr(), in6_addr())
        if inet_pton(AF_INET, text, &four) == 1 { return mapped(four.bytes) }
        return inet_pton(AF_INET6, text, &six) == 1 ? six.bytes : nil
    }

    /// An IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2).
    private static func mapped(_ address: [UInt8]) -> [UInt8] { mapping + address }

    private static let mapping = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]

    private static func isLoopback(_ address: [UInt8]) -> Bool {
        address == [UInt8](repeating: 0, count: 15) + [1] || address.starts(with: mapping) && address[12] == 127
    }
}

extension in_addr {
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}

extension in6_addr {
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}
