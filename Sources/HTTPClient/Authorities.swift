import CCurl
import Glibc
import Synchronization
import Text

/// Who may have signed a server's certificate.
enum Authorities {
    /// The file of certificates to trust instead of the host's. OpenSSL's programs and the curl command use the same variable. (A CGI
    /// client cannot set it: headers become variables that begin with HTTP_.)
    static let file = getenv("SSL_CERT_FILE").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }

    /// The host's directory in which OpenSSL finds an authority by the hash of its name (openssl-rehash(1)); nil if there is none, or libcurl
    /// has TLS from another library. From it one file is read. The file that libcurl reads otherwise has all authorities, and parsing it takes
    /// longer than a CGI program takes for a turn.
    static var directory: String? { isDirectoryWhole.load(ordering: .relaxed) ? found : nil }

    private static let found = isOpenSSL ? directories.first(where: isHashed) : nil
    /// Debian's and openSUSE's; Red Hat's, which is also in /etc/pki/tls/certs on newer systems; and OpenSSL's own.
    private static let directories = [
        "/etc/ssl/certs", "/etc/pki/ca-trust/extracted/pem/directory-hash", "/etc/pki/tls/certs", "/usr/lib/ssl/certs",
    ]
    private static let isDirectoryWhole = Atomic(true)

    /// Says that the directory lacks an authority. The file may have it: some are added by hand.
    static func giveUpDirectory() { isDirectoryWhole.store(false, ordering: .relaxed) }

    private static var isOpenSSL: Bool { ccurl_tls_library().map { String(cString: $0).hasPrefix("OpenSSL/") } ?? false }

    /// True if a directory has files named by hashes: eight hexadecimal digits, a dot and a digit. The first hundred names show that.
    private static func isHashed(_ directory: String) -> Bool {
        guard let stream = opendir(directory) else { return false }
        defer { closedir(stream) }
        for _ in 0..<100 {
            guard let entry = readdir(stream) else { return false }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name.count == 10, name[8] == UInt8(ascii: "."), name[..<8].allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) {
                return true
            }
        }
        return false
    }
}
