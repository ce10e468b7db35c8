import Foundation
import Harness
import Testing

/// The libcurl of this host, and others that a process finds instead.
enum HostCurl {
    private static let directories = ["/lib", "/usr/lib", "/lib64", "/usr/lib64"].flatMap { [$0, "\($0)/\(machine)-linux-gnu"] }

    private static var machine: String {
        #if arch(arm64)
            "aarch64"
        #else
            "x86_64"
        #endif
    }

    /// The files of every libcurl of this host.
    static var files: [String] {
        directories.flatMap { directory in
            ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).filter {
                $0.hasPrefix("libcurl") && $0.contains(".so.")
            }
            .map { URL(filePath: "\(directory)/\($0)").resolvingSymlinksInPath().path }
        }
    }

    /// What a process gets that is to find libcurl 7.x.
    ///
    /// - Parameter home: a directory for the library's name.
    static func environment(_ minor: Int, _ home: TemporaryDirectory) throws -> [String: String] {
        let name = "libcurl.so.4"
        if !FileManager.default.fileExists(atPath: home.file(name)) {
            try FileManager.default.createSymbolicLink(atPath: home.file(name), withDestinationPath: TestLibrary.path("OldCurl"))
        }
        let real = try #require(files.first { $0.contains("/\(name)") })
        return ["LD_LIBRARY_PATH": home.path, "OLD_CURL_LIBRARY": real, "OLD_CURL_VERSION": "\(minor)"]
    }
}
