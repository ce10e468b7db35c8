import FoundationEssentials
import Glibc

/// The private directories of one run, which are removed with it.
struct Workspace {
    /// Sockets, configurations and output. Short, because a socket's path may have 107 bytes.
    let runtime: String
    /// What the measured programs store.
    let data: String

    init(directory: String) throws {
        runtime = try Self.makeDirectory(in: "/tmp")
        do {
            data = try Self.makeDirectory(in: directory)
        } catch {
            rmdir(runtime)
            throw error
        }
        try write("{}", to: "config.json")
    }

    var socket: String { "\(runtime)/responder.sock" }
    var peerSocket: String { "\(runtime)/peer.sock" }
    /// An empty configuration file, so that the user's own does not affect a measurement.
    var configuration: String { "\(runtime)/config.json" }

    /// nanobot's options for this workspace.
    var options: [String] { ["--config", configuration, "--data-dir", "\(data)/nanobot"] }
    /// Where nanobot keeps its session files.
    var sessions: String { "\(data)/nanobot/sessions" }

    func remove() {
        for directory in [runtime, data] { try? FileManager.default.removeItem(atPath: directory) }
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
    func write(_ text: String, to name: String) throws -> String {
        let path = "\(runtime)/\(name)"
        guard let file = fopen(path, "w"), fputs(text, file) >= 0, fclose(file) == 0 else {
            throw Failure(description: "\(path) cannot be written: \(String(cString: strerror(errno))).")
        }
        return path
    }

    private static func makeDirectory(in parent: String) throws -> String {
        var template = Array("\(parent)/nanobot-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Failure(description: "No directory can be made in \(parent): \(String(cString: strerror(errno))).")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
