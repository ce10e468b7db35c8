import FoundationEssentials
import Glibc
import Harness

/// The private directories of one run, which are removed with it.
struct Workspace {
    private let directories: (runtime: TemporaryDirectory, data: TemporaryDirectory)

    init(directory: String) throws {
        directories = (try TemporaryDirectory(), try TemporaryDirectory(in: directory))
        try write("{}", to: "config.json")
    }

    /// Sockets, configurations and output. Short, because a socket's path may have 107 bytes.
    var runtime: String { directories.runtime.path }
    /// What the measured programs store.
    var data: String { directories.data.path }
    var socket: String { "\(runtime)/responder.sock" }
    var peerSocket: String { "\(runtime)/peer.sock" }
    /// An empty configuration file, so that the user's own does not affect a measurement.
    var configuration: String { "\(runtime)/config.json" }

    /// nanobot's options for this workspace.
    var options: [String] { ["--config", configuration, "--data-dir", "\(data)/nanobot"] }
    /// Where nanobot keeps its session files.
    var sessions: String { "\(data)/nanobot/sessions" }

    /// Removes the directories. Until then they are there, whatever was used last.
    func remove() {
        for directory in [directories.runtime, directories.data] { try? FileManager.default.removeItem(atPath: directory.path) }
    }

    /// Removes the socket and the data of the programs measured before.
    func clear() throws {
        unlink(socket)
        for name in try FileManager.default.contentsOfDirectory(atPath: data) {
            try FileManager.default.removeItem(atPath: "\(data)/\(name)")
        }
    }

    /// Writes a file in the runtime directory and returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String { try directories.runtime.file(name, text.utf8) }
}
