import Testing

@testable import Doctor

@Suite("Kinds of file systems")
struct FileSystemKindTests {
    @Test("network and in-memory file systems get a warning, by the nearest mount point")
    func kinds() throws {
        let mounts = """
            1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
            2 1 0:2 / /srv/a\\040b rw - nfs4 host:/x rw
            3 1 0:3 / /home rw master:1 - fuse.sshfs host: rw
            4 3 0:4 / /home/alice rw - xfs /dev/sdb rw
            5 4 0:5 / /home/alice rw - tmpfs none rw
            6 1 0:6 / /cut rw -
            7
            """
        for (path, name, isDoubted) in [
            ("/var", "ext4", false), ("/srv/a b/data", "nfs4", true), ("/srv/a", "ext4", false), ("/home/bob", "fuse.sshfs", true),
            ("/home/alice", "tmpfs", true), ("/homeless", "ext4", false), ("/cut", "ext4", false),
        ] {
            let kind = try #require(FileSystemKind(at: path, mounts: mounts))
            #expect(kind.name == name && (kind.doubt != nil) == isDoubted, "\(path)")
        }
        #expect(FileSystemKind(at: "/", mounts: "") == nil)
        #expect(FileSystemKind(at: "/proc/self")?.name == "proc")
    }
}
