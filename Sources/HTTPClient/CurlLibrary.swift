import CCurl
import Concurrency

/// The host's libcurl, loaded when it is first needed.
enum CurlLibrary {
    /// The names of the library: built with OpenSSL, as on Debian (`libcurl4`) and most systems, and with GnuTLS.
    static let files = ["libcurl.so.4", "libcurl-gnutls.so.4"]

    private static let isLoaded = Mutex(false)

    /// Loads the library unless it is loaded. A failure is not remembered: the library may be installed later.
    static func load(_ files: [String] = files) throws(TransferError) {
        try isLoaded.withLock { isLoaded throws(TransferError) in
            guard !isLoaded else { return }
            try open(files)
            // Once per process, before any other call: curl_global_init(3).
            guard ccurl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK else {
                throw TransferError(.missingLibrary, "libcurl cannot be initialised")
            }
            isLoaded = true
        }
    }

    static func open(_ files: [String]) throws(TransferError) {
        var reasons: [String] = []
        for file in files {
            guard let reason = ccurl_load(file) else { return }
            reasons.append(String(cString: reason))
        }
        throw TransferError(
            .missingLibrary,
            "libcurl cannot be loaded. What helps: \(CurlPackage.ofHost.command) (\(reasons.joined(separator: "; ")))"
        )
    }
}
