import ArgumentParser
import Configuration
import Crypto
import Files
import Glibc
import SystemPackage
import Text

/// `nanobot cluster`: the mark of a data directory that several machines share.
struct ClusterCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Mark a data directory that several machines share.",
        discussion: """
            Where the shared file system is not mounted, there is an empty directory in its place. With storage.cluster set to the mark's id, \
            nothing is answered from it or written into it.
            """,
        subcommands: [InitializeCluster.self, ShowCluster.self])
}

/// `nanobot cluster init`
struct InitializeCluster: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Mark a directory, once, on one machine, and print the id for storage.cluster on all of them.",
        discussion: "A directory that is not there is made. The id of one that has the mark already is printed.")

    @Argument(help: ArgumentHelp("The data directory, on the shared file system.", valueName: "directory"))
    var directory: String

    func run() throws {
        try reportingErrors {
            let (path, system) = (FilePath(directory), UninterruptedFileSystem(HostFileSystem()))
            let id: String?
            do throws(Errno) {
                try system.ensureDirectory(path)
                if try (ClusterFileSystem.id(of: path, in: system) ?? "").isEmpty {
                    try File.replace(
                        path.appending(ClusterFileSystem.markName), by: Array("\(Identifier.make(prefix: "cluster-"))\n".utf8), in: system)
                    try File(path, O_RDONLY | O_DIRECTORY, in: system).synchronize()
                }
                // Another machine may have been quicker.
                id = try ClusterFileSystem.id(of: path, in: system)
            } catch {
                throw Failure(description: "\(path) cannot be marked: \(error)")
            }
            guard let id else { throw Failure(description: "\(path) was removed meanwhile.") }
            try Terminal.put("\(id)\n")
        }
    }
}

/// `nanobot cluster status`
struct ShowCluster: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the mark of a directory, and whether this machine's settings name it.")

    @Argument(help: ArgumentHelp("The directory; if not given, the data directory of the settings.", valueName: "directory"))
    var directory: String?

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        try reportingErrors {
            let configuration = try options.configuration()
            let (path, expected) = (try directory ?? configuration[.dataDirectory], try configuration[.cluster])
            let found: String?
            do throws(Errno) {
                found = try ClusterFileSystem.id(of: FilePath(path), in: UninterruptedFileSystem(HostFileSystem()))
            } catch {
                throw Failure(description: "\(path) cannot be looked at: \(error)")
            }
            guard let found else {
                throw Failure(description: "\(path) does not carry the mark of a cluster. If it is shared, it is not mounted here.")
            }
            try Terminal.put("\(path) carries the mark \(found)\n".printable(keepsLines: true))
            guard let expected else { throw Failure(description: "storage.cluster is not set; on this machine it should be \(found).") }
            guard expected == found else { throw Failure(description: "storage.cluster is \(expected): this is another directory.") }
        }
    }
}
